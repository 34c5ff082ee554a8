import Foundation
import Postgres
import Support

/// What Postgres has spent so far.
struct Meter: Sendable {
    var walBytes: Double
    var commits: Double
    /// The server and all of its processes, those that ended included.
    var cpuSeconds: Double

    static func read(_ rig: QueueRig) async throws -> Meter {
        // Sessions hand their counts in when they end, or once a second; ours now.
        try await rig.owner.query("select pg_stat_force_next_flush()")
        let rows = try await rig.owner.query(
            """
            select (pg_current_wal_insert_lsn() - '0/0')::float8,
                (select xact_commit::float8 from pg_stat_database where datname = current_database())
            """)
        let (wal, commits) = try rows[0].decode((Double, Double).self)
        return Meter(walBytes: wal, commits: commits, cpuSeconds: try cpuSeconds(rig.cluster.folder))
    }

    static func - (after: Meter, before: Meter) -> Meter {
        Meter(
            walBytes: after.walBytes - before.walBytes, commits: after.commits - before.commits,
            cpuSeconds: after.cpuSeconds - before.cpuSeconds)
    }

    private static func cpuSeconds(_ folder: String) throws -> Double {
        let text = try String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8)
        let postmaster = text.split(separator: "\n")[0]
        var ticks = 0.0
        for process in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int(process) != nil {
            guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { continue }
            // From the third field on; the command before may hold blanks.
            let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 14 else { continue }
            if fields[1] == postmaster { ticks += fields[11...12].compactMap { Double($0) }.reduce(0, +) }
            if process == postmaster { ticks += fields[11...14].compactMap { Double($0) }.reduce(0, +) }
        }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
