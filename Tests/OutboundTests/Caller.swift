import Foundation
import Logging
import Outbound
import Testing

/// What tests share: a client without noise, and the error of a call.
func makeOutbound(_ change: (inout OutboundSettings) -> Void = { _ in }) -> Outbound {
    var settings = OutboundSettings()
    change(&settings)
    return Outbound(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

func outboundError(of call: () async throws -> some Sendable) async -> OutboundError? {
    do {
        _ = try await call()
        return nil
    } catch {
        return error as? OutboundError
    }
}

extension OutboundError {
    var isNotSent: Bool { if case .notSent = self { true } else { false } }
    var isOutcomeUnknown: Bool { if case .outcomeUnknown = self { true } else { false } }
    var isTooLarge: Bool { if case .tooLarge = self { true } else { false } }
    var isRefused: Bool { if case .refused = self { true } else { false } }
    func isTimeout(beforeSent: Bool) -> Bool {
        if case .timedOut(beforeSent, _) = self { true } else { false }
    }
}

/// A directory that is gone at the end of a test.
func withScratch<R>(_ body: (String) async throws -> R) async throws -> R {
    let path = FileManager.default.temporaryDirectory.appending(path: "outbound-\(UUID().uuidString.prefix(8))").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
