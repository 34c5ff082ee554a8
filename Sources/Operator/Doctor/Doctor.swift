/// Asks every question, one after the other, and says of each what to do: `ok|failed|skipped  check  detail → advice`.
public struct Doctor: Sendable {
    let checks: [Check]

    public init(_ checks: [Check]) { self.checks = checks }

    /// ``Exit/attention`` when one check failed.
    public func examine(on console: Console) async throws -> Exit {
        var rows: [JSON] = []
        for check in checks {
            let finding = await ask(check)
            rows.append(
                .object([
                    "verdict": .text(finding.verdict.rawValue), "check": .text(check.name),
                    "detail": .text(finding.detail),
                    "advice": finding.advice.map(JSON.text) ?? .null,
                ]))
            if console.format == .table { print(finding, of: check, on: console) }
        }
        if console.format == .json { console.print(try JSON.array(rows).document()) }
        return rows.contains { $0["verdict"].text == Finding.Verdict.failed.rawValue } ? .attention : .ok
    }

    private func ask(_ check: Check) async -> Finding {
        do {
            return try await check.look()
        } catch {
            return .failed("\(error)")
        }
    }

    /// At once, a line a check: one that hangs shows its predecessors.
    private func print(_ finding: Finding, of check: Check, on console: Console) {
        let verdict = finding.verdict.rawValue
        let width = checks.map(\.name.count).max() ?? 0
        let advice = finding.advice.map { "  → \($0)" } ?? ""
        console.print(
            verdict + String(repeating: " ", count: 9 - verdict.count)
                + check.name + String(repeating: " ", count: width + 2 - check.name.count) + finding.detail + advice)
    }
}
