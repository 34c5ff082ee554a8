import FoundationEssentials
import Outbound

/// How a lost connection is made again.
public struct DockerEventSettings: Sendable {
    /// Doubles with each failure in a row up to `longestPause`; a random part of it is waited.
    public var firstPause = Duration.milliseconds(250)
    public var longestPause = Duration.seconds(10)
    /// Events have no heartbeat: after so long a silence the connection is made again, to find a dead one.
    public var idle = Duration.seconds(900)

    public init() {}

    /// - Parameter chance: in 0..<1. Full jitter, so that many watchers do not come back together.
    func pause(after failures: Int, chance: Double) -> Duration {
        min(longestPause, firstPause * (1 << min(failures - 1, 16))) * chance
    }
}

extension DockerClient {
    /// What happens on the host, for ever: made again after every disconnect, from where it broke off. Every connection
    /// begins with `relist`. Ends by cancelling the reader, or throws what only a person can put right.
    public func events(
        _ filter: DockerEventFilter = DockerEventFilter(), settings: DockerEventSettings = DockerEventSettings()
    ) -> DockerEvents {
        DockerEvents(client: self, filter: filter, settings: settings)
    }
}

public struct DockerEvents: AsyncSequence, Sendable {
    public typealias Element = DockerNotice

    let client: DockerClient
    let filter: DockerEventFilter
    let settings: DockerEventSettings

    public func makeAsyncIterator() -> Iterator {
        Iterator(client: client, filter: filter, settings: settings)
    }

    /// Connects when it is asked for the next notice, so nothing runs while nobody reads.
    public struct Iterator: AsyncIteratorProtocol {
        let client: DockerClient
        let filter: DockerEventFilter
        let settings: DockerEventSettings
        private var body: AsyncThrowingStream<[UInt8], any Error>.Iterator?
        private var lines = LineSplitter()
        private var waiting: [DockerEvent] = []
        private var last: DockerEvent?
        private var failures = 0

        init(client: DockerClient, filter: DockerEventFilter, settings: DockerEventSettings) {
            self.client = client
            self.filter = filter
            self.settings = settings
        }

        public mutating func next() async throws -> DockerNotice? {
            do {
                while true {
                    if !waiting.isEmpty { return .event(waiting.removeFirst()) }
                    guard body != nil else { return try await connect() }
                    guard let chunk = try await body?.next() else { throw broken("the stream ended") }
                    try take(chunk)
                }
            } catch let error as DockerError {
                return try lose(error)
            } catch let error as OutboundError {
                return try lose(try client.failure(error, of: try call()))
            } catch is LineSplitter.TooLong {
                return try lose(broken("a line is too long"))
            }
        }

        private mutating func connect() async throws -> DockerNotice {
            if failures > 0 {
                try await Task.sleep(for: settings.pause(after: failures, chance: .random(in: 0..<1)))
            }
            body = try await client.stream(try call()).body.makeAsyncIterator()
            lines = LineSplitter()
            failures = 0
            return .relist
        }

        private mutating func lose(_ error: DockerError) throws -> DockerNotice {
            body = nil
            failures += 1
            // Another version may be spoken by what comes back.
            client.forgetVersion()
            if error.isTerminal { throw error }
            return .lost(error)
        }

        private mutating func take(_ chunk: [UInt8]) throws {
            for line in try lines.feed(chunk) {
                // An event that cannot be read is one that we do not know.
                guard let event = try? JSONDecoder().decode(DockerEvent.self, from: Data(line)) else { continue }
                // `since` includes the moment that it names.
                guard event != last else { continue }
                last = event
                waiting.append(event)
            }
        }

        private func call() throws -> DockerCall {
            try DockerCall.get(.watchEvents, "\(client.endpoint)", ["events"]).with {
                $0.query = [try filter.query()].compactMap(\.self)
                if let last { $0.query.append(("since", Self.moment(last.timeNanoseconds))) }
                $0.total = nil
                $0.idle = settings.idle
            }
        }

        private func broken(_ words: String) -> DockerError {
            DockerError(.unavailable, .watchEvents, target: "\(client.endpoint)", message: words)
        }

        /// `seconds.nanoseconds`, all nine digits (contract docker, "Events").
        static func moment(_ nanoseconds: Int64) -> String {
            let part = String(nanoseconds % 1_000_000_000)
            return "\(nanoseconds / 1_000_000_000).\(String(repeating: "0", count: 9 - part.utf8.count))\(part)"
        }
    }
}
