import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Reconcilers
import Simulators
import Support
import Testing
import Vendors

/// A database with the team alpha and the droplet one, and that droplet simulated: both outlive the daemons that crash on
/// them.
struct DropletLane: Sendable {
    typealias Kinds = @Sendable (ServedDroplet, Database) -> [JobKind]

    let database: TestDatabase
    let admin: Database
    let docker: DockerSimulator
    /// Somebody else on the droplet.
    let bystander: DockerClient
    private let outbound: Outbound
    /// Of the only kind of job that its daemons do.
    private let kind: String
    private let kinds: Kinds

    static func with(_ kind: String, _ kinds: @escaping Kinds, _ body: (DropletLane) async throws -> Void) async throws
    {
        let database = try await TestDatabase.make()
        let admin = database.open { $0.maxConnections = 2 }
        try await admin.script(
            """
            insert into converged.teams (name) values ('alpha');
            insert into converged.droplets (name, address, domain, served_by)
            values ('one', '203.0.113.1', 'team.example.com', 'path-test');
            """)
        let docker = try await DockerSimulator.start()
        let outbound = Outbound(logger: Logger(label: "bystander") { _ in SwiftLogNoOpLogHandler() })
        let lane = DropletLane(
            database: database, admin: admin, docker: docker,
            bystander: DockerClient(outbound, endpoint: .unix(docker.socket)), outbound: outbound, kind: kind,
            kinds: kinds)
        let result: Result<Void, any Error>
        do { result = .success(try await body(lane)) } catch { result = .failure(error) }
        #expect(docker.breaches.isEmpty, "\(docker.breaches)")
        await outbound.close()
        await docker.stop()
        await admin.close()
        try await database.drop()
        try result.get()
    }

    func start(through wire: PostgresWire? = nil) -> ContainerDaemon {
        ContainerDaemon.start(on: database, admin: admin, through: wire, pass: pass) { database, outbound in
            let droplet = ServedDroplet(
                name: "one", docker: DockerClient(outbound, endpoint: .unix(docker.socket)),
                gateway: { GatewayClient(outbound, host: "127.0.0.1", port: $0) }, domain: "team.example.com",
                address: "203.0.113.1")
            return kinds(droplet, database)
        }
    }

    @Sendable func pass(_ span: Duration) async throws {
        try await moveClock(of: admin, by: span)
        docker.advance(by: span)
        try await admin.query("select pg_notify('converged_jobs', '')")
    }

    /// Lets time pass whenever nothing is due, until the query answers true and nobody is at work or soon will be, or
    /// `interrupted` says that there is no point in waiting.
    func settle(_ isThere: SQL, interrupted: () -> Bool = { false }) async throws {
        let end = ContinuousClock.now + .seconds(120)
        var look: SQL = """
            select (select count(*) from converged.wakes where kind = \(kind)) = 0
                and not exists (select from converged.jobs where kind = \(kind) and state = 'running'),
                (select extract(epoch from min(run_at) - converged.now())::float8 from converged.jobs
                    where kind = \(kind)), (
            """
        look.append(isThere)
        look.append(")")
        while ContinuousClock.now < end {
            let (isIdle, wait, isDone) = try await admin.query(look)[0].decode((Bool, Double?, Bool?).self)
            if interrupted() { return }
            if isIdle, isDone == true, wait ?? 86_400 > 3590 { return }
            if isIdle, let wait, wait > 0.02, wait < 3590 { try await pass(.seconds(wait)) }
            try await Task.sleep(for: .milliseconds(2))
        }
        let told: [String] = try await admin.query(
            """
            (select concat_ws(' ', kind, type, status, reason, message) from converged.conditions)
            union all (select message from converged.job_errors order by at desc limit 5)
            """
        ).column(0)
        let calls = docker.ledger.suffix(20).map(\.description)
        throw Stuck(description: (told + calls).joined(separator: "\n"))
    }

    struct Stuck: Error, CustomStringConvertible { let description: String }

    /// A daemon that is hit at a point, and one that comes after it.
    /// - Returns: false when the first came to the end before the point: then there are no more points.
    func crash(at point: CrashPoint, until isThere: SQL) async throws -> Bool {
        let crasher = try Crasher(point, before: database.cluster)
        docker.onCall { [weak crasher] _, phase in
            switch crasher?.act(isBefore: phase == .before) ?? .proceed {
            case .proceed: .proceed
            case .dropReply: .dropReply
            case .refuseAndClose: .refuseAndClose
            }
        }
        let daemon = start(through: crasher.wire)
        try await settle(isThere, interrupted: { crasher.isDead })
        let wasHit = crasher.hasFired
        try await daemon.end()
        docker.onCall(nil)
        crasher.wire.cutAll()
        guard wasHit else { return false }
        let next = start()
        try await settle(isThere)
        try await next.end()
        return true
    }

    /// One life after another, each hit one call or commit later.
    /// - Parameters:
    ///   - inTurn: each call is hit in one of the three modes only.
    ///   - hit: false for a point that is behind the end, or where something was wrong.
    /// - Returns: how many points there were.
    static func forEachPoint(
        of kinds: [CrashPoint.Kind] = CrashPoint.Kind.allCases, _ modes: [CrashPoint.Mode] = CrashPoint.Mode.allCases,
        inTurn: Bool = false, _ hit: (CrashPoint) async throws -> Bool
    ) async throws -> Int {
        var count = 0
        for kind in kinds {
            for mode in modes {
                let place = CrashPoint.Mode.allCases.firstIndex(of: mode) ?? 0
                let numbers = inTurn ? stride(from: 1 + place, to: 400, by: 3) : stride(from: 1, to: 400, by: 1)
                for number in numbers {
                    guard try await hit(CrashPoint(kind: kind, mode: mode, number: number)) else { break }
                    count += 1
                }
            }
        }
        return count
    }
}
