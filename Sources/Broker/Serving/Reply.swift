import HummingbirdCore
import Outbound

/// A request of a client; `Request` alone is one to the daemon.
typealias Incoming = HummingbirdCore.Request

/// What a client is answered.
enum Reply: Sendable {
    case whole(status: Int, body: [UInt8])
    case streamed(StreamedResponse)

    /// As Docker says it.
    static func message(_ status: Int, _ words: String) -> Reply {
        .whole(status: status, body: JSON.object([.init("message", .text(words))]).bytes)
    }

    static func refusal(_ refusal: Refusal) -> Reply {
        // A version's refusal is read by clients: no word in front of it.
        let isVersion = refusal.why.hasPrefix("client version")
        let isAbsence = refusal.status == 404
        return message(
            refusal.status, isVersion || isAbsence ? refusal.why : "the Docker broker refuses: \(refusal.why)")
    }

    /// The daemon's headers that clients need.
    static let passed = [
        "content-type", "api-version", "ostype", "docker-experimental", "server", "x-docker-container-path-stat",
    ]
}
