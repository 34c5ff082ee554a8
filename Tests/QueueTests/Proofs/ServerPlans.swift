import Foundation
import Postgres
import Support

@testable import Queue

/// One statement as the server really ran it, inside a function or not: what `auto_explain` wrote into its log.
struct ServerPlan: Decodable {
    struct Node: Decodable {
        var type: String
        var relation: String?
        var index: String?
        var condition: String?
        var hit: Int?
        var read: Int?
        var children: [Node]?

        enum CodingKeys: String, CodingKey {
            case type = "Node Type"
            case relation = "Relation Name"
            case index = "Index Name"
            case condition = "Index Cond"
            case hit = "Shared Hit Blocks"
            case read = "Shared Read Blocks"
            case children = "Plans"
        }

        var all: [Node] { [self] + (children ?? []).flatMap(\.all) }
    }

    var query: String
    var root: Node

    enum CodingKeys: String, CodingKey {
        case query = "Query Text"
        case root = "Plan"
    }

    /// Pages of the shared buffers that the statement touched, with everything below it.
    var buffers: Int { (root.hit ?? 0) + (root.read ?? 0) }

    /// Looks through the whole of an index: what the planner takes for cheap while it thinks that there is one row.
    var hasWalk: Bool {
        root.all.contains { $0.type == "Index Scan" && $0.relation == "jobs" && $0.condition == nil }
    }

    /// How the table `jobs` was looked through: "Index Scan using jobs_ready", "Tid Scan", "Seq Scan".
    var ways: Set<String> {
        Set(
            root.all.filter {
                ($0.relation == "jobs" || $0.index?.hasPrefix("jobs_") == true) && $0.type.hasSuffix("Scan")
            }
            .map { node in node.type + (node.index.map { " using \($0)" } ?? "") })
    }
}

/// A session whose statements, those within functions too, are explained into the server's log.
struct ExplainedSession {
    let connection: Connection
    private let log: String
    private let processID: Int

    init(_ connection: Connection, _ cluster: TestCluster) async throws {
        self.connection = connection
        log = cluster.folder + "/postgres.err"
        processID = try await connection.query("select pg_backend_pid()").scalar()
        try await connection.script(
            """
            load 'auto_explain';
            set auto_explain.log_min_duration = 0;
            set auto_explain.log_nested_statements = on;
            set auto_explain.log_analyze = on;
            set auto_explain.log_timing = off;
            set auto_explain.log_buffers = on;
            set auto_explain.log_format = json;
            set role converged_daemon;
            """)
    }

    /// Its answer, and the plans of everything that ran for it.
    func run(_ sql: SQL) async throws -> (rows: Rows, plans: [ServerPlan]) {
        let before = try Data(contentsOf: URL(fileURLWithPath: log)).count
        let rows = try await connection.query(sql)
        // The server writes an entry before it answers.
        let said = try Data(contentsOf: URL(fileURLWithPath: log)).dropFirst(before)
        return (rows, try Self.read(String(decoding: said, as: UTF8.self), processID))
    }

    /// An entry is a line with the prefix of the session, followed by lines that begin with a tab.
    static func read(_ log: String, _ processID: Int) throws -> [ServerPlan] {
        var entries: [String] = []
        var isInside = false
        for line in log.split(separator: "\n") {
            if line.first == "\t" {
                if isInside { entries[entries.count - 1] += line }
            } else {
                isInside = line.contains("[\(processID)]") && line.hasSuffix("plan:")
                if isInside { entries.append("") }
            }
        }
        return try entries.map { try JSONDecoder().decode(ServerPlan.self, from: Data($0.utf8)) }
    }
}
