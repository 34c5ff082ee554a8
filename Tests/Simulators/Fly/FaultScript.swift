/// Faults as text, one a line, so that a demo can load them:
///
///     # the second create of a machine works, but nobody hears of it
///     create-machine lost-reply after=1
///     * delay=250ms times=always
///     get-machine status=503 app=automna-* times=3 body={"error":"upstream"}
///
/// A line is an action (glob, `mutating` or `reading`), an effect with its argument, then settings: `app target`
/// (globs), `after times probability seed`, `from until` (times since the start). `body` takes the rest of the line.
public struct FaultScript: Sendable {
    public let faults: [FlySimulator.Fault]

    public init(_ text: String) throws {
        var faults: [FlySimulator.Fault] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            do {
                if let fault = try FaultLine(line).fault() { faults.append(fault) }
            } catch {
                throw FaultScriptError(line: index + 1, text: String(line), problem: error.problem)
            }
        }
        self.faults = faults
    }

    /// Effects as they are written in a script.
    public static let effects = [
        "status=CODE", "capacity-region", "capacity-volume-host", "capacity-host", "quota", "rate-limited[=TIME]",
        "lost-reply", "refused", "delay=TIME", "empty-list", "empty-page", "stale-list=TIME", "html-502", "empty-500",
        "not-ready", "unauthorized",
    ]
}

public struct FaultScriptError: Error, CustomStringConvertible {
    public let line: Int
    public let text: String
    public let problem: String
    public var description: String { "fault script, line \(line): \(problem): \(text)" }
}

private struct Wrong: Error {
    let problem: String
}

private struct FaultLine {
    var words: [Substring]
    var body = ""

    init(_ line: Substring) {
        var line = line
        if let range = line.firstRange(of: " body=") {
            body = String(line[range.upperBound...])
            line = line[..<range.lowerBound]
        }
        words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
    }

    func fault() throws(Wrong) -> FlySimulator.Fault? {
        guard let action = words.first else { return nil }
        guard words.count > 1 else { throw Wrong(problem: "an effect is missing after the action") }
        var fault = FlySimulator.Fault(try effect(words[1]), on: String(action))
        var from = Duration.zero
        var until: Duration?
        for word in words.dropFirst(2) {
            let (name, value) = Self.halves(word)
            guard let value else { throw Wrong(problem: "\(name) has no value, write \(name)=…") }
            switch name {
            case "app": fault.app = value
            case "target": fault.target = value
            case "after": fault.after = try Self.number(value, name)
            case "times": fault.times = value == "always" ? nil : try Self.number(value, name)
            case "probability": fault.probability = try Self.number(value, name)
            case "seed": fault.seed = try Self.number(value, name)
            case "from": from = try Self.time(value)
            case "until": until = try Self.time(value)
            default: throw Wrong(problem: "unknown setting \(name)")
            }
        }
        if until != nil || from > .zero {
            let end = until ?? .seconds(1 << 40)
            guard from < end else { throw Wrong(problem: "from is not before until") }
            fault.during = from..<end
        }
        return fault
    }

    private func effect(_ word: Substring) throws(Wrong) -> FlySimulator.Effect {
        let (name, value) = Self.halves(word)
        switch (name, value) {
        case ("status", let value?):
            let code: Int = try Self.number(value, "status")
            guard (200..<600).contains(code) else { throw Wrong(problem: "\(code) is no HTTP status") }
            return .status(code, body: body)
        case ("capacity-region", nil): return .capacityRegion
        case ("capacity-volume-host", nil): return .capacityVolumeHost
        case ("capacity-host", nil): return .capacityHost
        case ("quota", nil): return .quota
        case ("rate-limited", let value):
            guard let value else { return .rateLimited(retryAfter: nil) }
            return .rateLimited(retryAfter: try Self.time(value))
        case ("lost-reply", nil): return .lostReply
        case ("refused", nil): return .refused
        case ("delay", let value?): return .delay(try Self.time(value))
        case ("empty-list", nil): return .emptyList
        case ("empty-page", nil): return .emptyPage
        case ("stale-list", let value?): return .staleList(try Self.time(value))
        case ("html-502", nil): return .html502
        case ("empty-500", nil): return .empty500
        case ("not-ready", nil): return .notReady
        case ("unauthorized", nil): return .unauthorized
        default:
            throw Wrong(problem: "unknown effect \(word), known are \(FaultScript.effects.joined(separator: " "))")
        }
    }

    private static func halves(_ word: Substring) -> (name: String, value: String?) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : nil)
    }

    private static func number<N: LosslessStringConvertible>(_ text: String, _ name: String) throws(Wrong) -> N {
        guard let number = N(text) else { throw Wrong(problem: "\(name)=\(text) is no number") }
        return number
    }

    /// `250ms`, `3s`, `2m`.
    private static func time(_ text: String) throws(Wrong) -> Duration {
        guard let time = GoDuration.read(text) else {
            throw Wrong(problem: "\(text) is no time, write 250ms, 3s or 2m")
        }
        return time
    }
}
