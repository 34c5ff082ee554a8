/// Why a call is not forwarded: said to the client as Docker would, and logged in one line. Names rules and places, never
/// a value that may be a secret.
public struct Refusal: Error, Sendable, Equatable {
    public var status: Int
    public var why: String

    public init(_ why: String, status: Int = 403) {
        self.why = why
        self.status = status
    }
}
