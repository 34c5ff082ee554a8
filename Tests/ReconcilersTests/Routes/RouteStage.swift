import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Support
import Testing
import Vendors

@testable import Reconcilers

/// A real database with a droplet, a real Caddy beside it, and the job between them.
struct RouteStage: Sendable {
    let caddy: TestCaddy
    let upstream: EchoUpstream
    let test: TestDatabase
    let database: Database
    let daemon: Database
    let outbound: Outbound

    static let notFound = #"{"handle":[{"handler":"static_response","status_code":404}]}"#
    static let foreign = """
        {"match":[{"host":["www.example.com"]}],"terminal":true,
        "handle":[{"handler":"static_response","status_code":200,"body":"foreign"}]}
        """

    static func with(
        routes: String = "[\(foreign),\(notFound)]", admin: TestCaddy.Admin = .socket,
        _ body: (RouteStage) async throws -> Void
    ) async throws {
        try await TestCaddy.with(routes: routes, admin: admin) { caddy in
            let upstream = try EchoUpstream()
            defer { upstream.stop() }
            let test = try await TestDatabase.make()
            let stage = RouteStage(
                caddy: caddy, upstream: upstream, test: test, database: test.open(),
                daemon: test.open(role: "converged_daemon"),
                outbound: Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
            var failure: (any Error)?
            do {
                let address = admin == .socket ? "unix://\(caddy.adminSocket)" : "http://127.0.0.1:\(caddy.adminPort)"
                try await stage.rent(address)
                try await body(stage)
            } catch { failure = error }
            await stage.outbound.close()
            for pool in [stage.database, stage.daemon] { await pool.close() }
            try await test.drop()
            if let failure { throw failure }
        }
    }

    private func rent(_ address: String) async throws {
        try await database.batch([
            "insert into converged.teams (name) values ('alpha')",
            """
            insert into converged.droplets (name, address, domain, served_by, caddy_admin, caddy_server) values
                ('one', '203.0.113.1', 'team.example.com', 'host-1', \(address), 'main')
            """,
        ])
    }

    /// A PA whose gateway is the upstream, or another port.
    func place(_ name: String, port: Int? = nil) async throws {
        try await database.query(
            "insert into converged.pas (name, team, droplet, port) values (\(name), 'alpha', 'one', \(port ?? upstream.port))"
        )
    }

    func service(_ name: String, host: String?, port: Int, listens: String = "127.0.0.1") async throws {
        try await database.query(
            """
            insert into converged.services (name, droplet, team, image, port, container_port, host, address)
            values (\(name), 'one', 'alpha', 'x:1', \(port), 3000, \(host), \(listens)::text::inet)
            """)
    }

    /// One run of the job, as the daemon's role, with its writes.
    @discardableResult
    func run(meddling: @escaping @Sendable () async throws -> Void = {}) async throws -> Verdict {
        let lease = try await lease()
        let reconciler = RouteReconciler(
            droplet: "one", database: daemon,
            caddy: { CaddyClient(outbound: outbound, settings: $0) }, settings: RouteSettings())
        try await meddling()
        let verdict = try await reconciler.run(lease)
        try await lease.write(verdict.writes)
        try await database.query("delete from converged.jobs where id = \(lease.job)")
        return verdict
    }

    private func lease() async throws -> Lease {
        let (job, fence) = try await database.query(
            """
            insert into converged.jobs (kind, queue, key, state, priority, run_at, rank, woken_at, created_at, fence)
            select 'routes@one', 'default', 'one', 'running', 0, now, now, now, now, nextval('converged.fences')
            from converged.now() as now returning id, fence
            """
        )[0].decode((Int64, Int64).self)
        return Lease(
            job: job, fence: fence, kind: "routes@one", key: "one", wokenAt: Date(), database: daemon)
    }

    /// `True/RoutesCurrent`
    func condition() async throws -> String? {
        try await text(
            "select status || '/' || reason from converged.conditions where kind = 'droplet' and key = 'one'")
    }

    func message() async throws -> String {
        try await text("select message from converged.conditions where kind = 'droplet' and key = 'one'") ?? ""
    }

    func wakes() async throws -> Int {
        try await database.query("select count(*) from converged.wakes where kind = 'routes@one' and key = 'one'")
            .scalar()
    }

    func remembered() async throws -> Int {
        try await database.query("select count(*) from converged.routes").scalar()
    }

    private func text(_ sql: SQL) async throws -> String? {
        try await database.query(sql).column(0, as: String.self).first
    }

    /// A request through Caddy's public side: status and body.
    func get(_ host: String) async throws -> (status: Int, body: String) {
        let response = try await outbound.send(
            Request(
                method: "GET", url: "http://127.0.0.1:\(caddy.port)/chat",
                headers: [("Host", host), ("Connection", "close")], retry: .read))
        return (response.status, response.text)
    }

    /// Another program that changes Caddy, without asking or locking.
    func meddle(_ method: String, _ path: String, _ json: String = "") async throws {
        let response = try await outbound.send(
            Request(
                method: method, url: "http://localhost/config/apps/http/servers/main/\(path)",
                unixSocket: caddy.adminSocket,
                headers: [("Host", ""), ("Content-Type", "application/json"), ("Connection", "close")],
                body: json.isEmpty ? nil : Array(json.utf8)))
        #expect(response.status == 200, "\(response.text)")
    }
}
