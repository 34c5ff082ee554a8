import Foundation
import Logging
import Outbound
import Postgres
import Reconcilers
import Simulators
import Support
import Vendors

/// A database and a simulated vendor that outlive the daemons which crash on them.
struct FlyLane: Sendable {
    let database: TestDatabase
    let admin: Database
    let fly: FlySimulator
    let keyRing: KeyRing
    /// Reads the vendor as a bystander.
    let inspector: FlyClient
    private let outbound: Outbound

    static func open() async throws -> FlyLane {
        let database = try await TestDatabase.make()
        let admin = database.open { $0.maxConnections = 2 }
        try await admin.script(tokenHistory)
        var options = FlySimulator.Options()
        options.listLagCount = 1
        let fly = try await FlySimulator.start(options)
        let outbound = Outbound(FlyLane.client, logger: Logger(label: "inspector"))
        return FlyLane(
            database: database, admin: admin, fly: fly,
            keyRing: try KeyRing(credential: Array("k1 \(Data(repeating: 7, count: 32).base64EncodedString())".utf8)),
            inspector: FlyClient(
                outbound: outbound, settings: FlySettings(url: fly.url, org: fly.org, token: FlyToken(fly.token))),
            outbound: outbound)
    }

    /// Without the vendor's rate limits: they are another test's subject.
    static var client: OutboundSettings {
        let wide = Budget(ratePerSecond: 1e6, burst: 1_000_000)
        return OutboundSettings(budgets: ["fly": wide, "fly/*": wide])
    }

    /// Waits at the vendor are short: what does not come at once is a test's subject.
    var settings: MachineSettings {
        var settings = MachineSettings()
        settings.waitSeconds = 1
        return settings
    }

    func close() async throws {
        await fly.stop()
        await outbound.close()
        await admin.close()
        try await database.drop()
    }

    /// Remembers every token that a row ever held.
    private static let tokenHistory = """
        create table tokens_seen (machine uuid, token text);
        create function note_token() returns trigger language plpgsql security definer as $$
        begin
            if new.gateway_token is not null then
                insert into tokens_seen values (new.id, new.gateway_token);
            end if;
            return null;
        end $$;
        create trigger note_token after update of gateway_token on converged.machines
            for each row execute function note_token();
        """

    /// A new user with a machine of this profile.
    func insertMachine(profile: String, set columns: [(String, String)] = []) async throws -> UUID {
        let names = columns.map { ", \($0.0)" }.joined()
        let values = columns.map { ", \($0.1)" }.joined()
        let rows = try await admin.query(
            """
            with u as (insert into converged.users (email) values ('a@example.com') returning id)
            insert into converged.machines (user_id, profile, agentmail_inbox_id\(raw: names))
            select id, \(profile), 'swiftfox@mail.automna.ai'\(raw: values) from u returning id
            """)
        return try rows.scalar()
    }

    /// Time passes for the database and for the vendor.
    func pass(_ span: Duration) async throws {
        try await moveClock(of: admin, by: span)
        fly.advance(by: span)
        try await admin.query("select pg_notify('converged_jobs', '')")
    }

    func wake(_ machine: UUID) async throws {
        try await admin.query("select converged.wake('machine', \(machine.uuidString.lowercased()), false)")
    }

    /// Where a machine stands, in one look.
    struct Standing: Sendable {
        var status: String
        var isCurrent: Bool
        var jobState: String?
        var waitSeconds: Double?
        var pendingWakes: Int
    }

    func standing(_ machine: UUID) async throws -> Standing {
        let key = machine.uuidString.lowercased()
        let row = try await admin.query(
            """
            select coalesce(m.status, 'gone'), coalesce(m.observed_generation = m.generation and c.status = 'True', true),
                j.state::text, extract(epoch from j.run_at - converged.now())::float8,
                (select count(*) from converged.wakes where key = \(key))
            from (select \(machine)::uuid as id) wanted
                left join converged.machines m on m.id = wanted.id
                left join converged.conditions c on c.kind = 'machine' and c.key = \(key) and c.type = 'Ready'
                left join converged.jobs j on j.kind = 'machine' and j.key = \(key)
            """)
        let (status, isCurrent, state, wait, wakes) = try row[0].decode((String, Bool, String?, Double?, Int).self)
        return Standing(
            status: status, isCurrent: isCurrent, jobState: state, waitSeconds: wait, pendingWakes: wakes)
    }

    /// Lets time pass whenever nothing is due, until the row shows the status (`gone`: no row) and nobody works on it,
    /// or `interrupted` says that there is no point in waiting. False when interrupted.
    ///
    /// - Parameter looks: so many times the vendor was asked for a machine, so that an old state is not taken for a new one.
    func settle(
        _ machine: UUID, _ status: String, looks: Int = 0, interrupted: () -> Bool = { false }
    ) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        var last: Standing?
        while ContinuousClock.now < end {
            if interrupted() { return false }
            let now = try await standing(machine)
            last = now
            let isIdle = now.pendingWakes == 0 && now.jobState != "running"
            let isSeen = looks == 0 || fly.calls("get-machine").count >= looks
            if isIdle, isSeen, now.status == status, now.isCurrent, now.waitSeconds ?? 3600 > 600 { return true }
            if isIdle, let wait = now.waitSeconds, wait > 0.02, wait < 3600 { try await pass(.seconds(wait)) }
            try await Task.sleep(for: .milliseconds(2))
        }
        let errors: [String] = try await admin.query(
            "select message from converged.job_errors order by at desc limit 3"
        ).column(0)
        let workers: [String] = try await admin.query(
            "select converged.now() || ' ' || to_jsonb(w)::text from converged.workers w"
        ).column(0)
        let calls = fly.ledger.suffix(12).map(\.description).joined(separator: "\n")
        throw LaneFailure(
            description:
                "machine \(machine) is not \(status): \(String(describing: last))\n\(errors)\n\(workers)\n\(calls)")
    }
}

struct LaneFailure: Error, CustomStringConvertible { let description: String }
