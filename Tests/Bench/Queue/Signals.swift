import Dispatch
import Foundation

enum Signals {
    /// Each arrival of a signal, from the call of this on.
    static func stream(_ number: Int32) -> AsyncStream<Void> {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        source.setEventHandler { continuation.yield() }
        nonisolated(unsafe) let kept = source
        continuation.onTermination = { _ in kept.cancel() }
        source.resume()
        return stream
    }
}
