import Foundation
import Support

/// A script run by the real pgbench.
enum PgBench {
    /// - Parameter transactions: of each client.
    /// - Returns: transactions a second, without the time to connect.
    static func run(
        _ rig: QueueRig, script: String, clients: Int, transactions: Int
    ) async throws -> Double {
        let file = try TemporaryFolder.make("pgbench") + "/script.sql"
        try script.write(toFile: file, atomically: true, encoding: .utf8)
        let output = try await Command.check(
            rig.pgbench + [
                "-M", "prepared", "-f", file, "-c", "\(clients)", "-j", "\(min(clients, 2))", "-t", "\(transactions)",
                rig.databaseName,
            ],
            // Without statistics of a table that was just filled the claim could turn to a sequential scan.
            environment: ["PGOPTIONS": "-c enable_seqscan=off -c jit=off"])
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
            let rate = Double(line.split(separator: " ")[2]),
            output.contains("number of failed transactions: 0 ")
        else { throw Mishap(description: "pgbench says: \(output)") }
        return rate
    }
}
