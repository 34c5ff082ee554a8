import FoundationEssentials

/// The one table of what the Machines API says when it refuses (contract fly; most of it is not in its specification).
/// Status codes alone are ambiguous: 409 has four meanings, and lack of capacity comes under five statuses.
struct FlyWording: Sendable {
    /// Statuses under which the wording counts; empty: any.
    var statuses: Set<Int> = []
    /// The machine-readable `status` field.
    var code: String?
    /// Lower case; one of them is enough.
    var phrases: [String] = []
    var kind: @Sendable (_ text: String) -> FlyError.Kind

    /// First match wins, so the narrower wording stands first.
    static let table: [FlyWording] = [
        FlyWording(code: "volume_placement_capacity") { _ in .capacity(.volumeHost) },
        FlyWording(phrases: ["insufficient resources to create new machine with existing volume"]) { _ in
            .capacity(.volumeHost)
        },
        FlyWording(phrases: ["could not reserve resource for machine"]) { _ in .capacity(.host) },
        FlyWording(code: "insufficient_capacity") { _ in .capacity(.region) },
        FlyWording(phrases: ["could not find a candidate host", "no capacity"]) { _ in .capacity(.region) },
        FlyWording(statuses: [403, 422], phrases: ["over the allowed quota"]) { _ in .capacity(.quota) },
        FlyWording(statuses: [409, 422], phrases: ["unique machine name violation"]) { text in
            .nameTaken(existingID: machineID(in: text))
        },
        FlyWording(code: "name_taken") { _ in .nameTaken(existingID: nil) },
        FlyWording(
            statuses: [409, 422], phrases: ["name has already been taken", "uniqueness constraint violated"]
        ) { _ in .nameTaken(existingID: nil) },
        FlyWording(statuses: [409], phrases: ["lease currently held"]) { text in
            .leaseHeld(until: expiry(in: text))
        },
        FlyWording(statuses: [409, 412], phrases: ["concurrent update"]) { _ in .staleVersion },
        FlyWording(statuses: [400, 409, 412, 422], phrases: ["failed_precondition", "getting replaced"]) { _ in
            .wrongState
        },
    ]

    static func first(status: Int, code: String?, text: String) -> FlyWording? {
        let lowered = text.lowercased()
        return table.first { wording in
            guard wording.statuses.isEmpty || wording.statuses.contains(status) else { return false }
            if let wanted = wording.code { return wanted == code }
            return wording.phrases.contains { lowered.contains($0) }
        }
    }

    /// `… machine ID 1857156b526dd8 already exists with name "…"`: the id to adopt.
    static func machineID(in text: String) -> String? {
        guard let start = text.firstRange(of: "machine ID ") else { return nil }
        let id = text[start.upperBound...].prefix { $0.isHexDigit && $0.isASCII }
        return id.isEmpty ? nil : String(id)
    }

    /// `… lease currently held by x, expires at 2026-08-01T10:00:00Z`.
    static func expiry(in text: String) -> Date? {
        guard let start = text.firstRange(of: "expires at ") else { return nil }
        let stamp = text[start.upperBound...].prefix { !$0.isWhitespace && $0 != "," && $0 != "\"" }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: stamp.contains("."))
        return try? Date(String(stamp), strategy: style)
    }

    /// `deadline_exceeded: machine failed to reach desired state, started, currently starting`.
    static func currentState(in text: String) -> String? {
        guard let start = text.firstRange(of: "currently ") else { return nil }
        let state = text[start.upperBound...].prefix { $0.isLetter || $0 == "_" }
        return state.isEmpty ? nil : String(state)
    }
}
