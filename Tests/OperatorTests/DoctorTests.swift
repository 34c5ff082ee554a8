import Postgres
import Support
import Testing

@testable import Operator

@Suite struct DoctorTests {
    private func examine(_ database: Database) async throws -> (exit: Exit, rows: [String: JSON]) {
        let paper = Paper()
        let doctor = Doctor(DatabaseChecks(database).all)
        let exit = try await doctor.examine(on: Console(format: .json) { paper.write($0) })
        let rows = try JSON(parsing: paper.text).items
        return (exit, Dictionary(rows.map { ($0["check"].line, $0) }, uniquingKeysWith: { first, _ in first }))
    }

    @Test(arguments: ["converged_operator", "converged_daemon"])
    func allIsWellAsEitherRole(role: String) async throws {
        try await Office.open { office in
            try await office.register()
            let database = office.database.open(role: role)
            let (exit, rows) = try await examine(database)
            await database.close()
            let bad = rows.values.filter { $0["verdict"].text != "ok" }
            #expect(bad.isEmpty, "\(bad)")
            #expect(exit == .ok)
            #expect(rows["roles"]?["detail"].text == "\(role) in \(role)")
        }
    }

    @Test func everyFaultSaysWhatToDo() async throws {
        try await Office.open { office in
            try await office.owner.script(
                """
                update converged.clock set shift = '1 hour';
                delete from converged.migrations where version = 7;
                revoke update on converged.machines from converged_operator;
                revoke update (desired_state) on converged.machines from converged_operator;
                """)
            try await office.owner.script(
                """
                do $$ declare part text; begin
                    for part in select inhrelid::regclass from pg_inherits where inhparent = 'converged.events'::regclass
                        and inhrelid::regclass::text ~ '[0-9]$'
                    loop execute 'drop table ' || part; end loop;
                end $$
                """)
            let (exit, rows) = try await examine(office.operators)
            #expect(exit == .attention)
            for check in ["clock", "migrations", "roles", "partitions", "workers"] {
                #expect(rows[check]?["verdict"].text == "failed", "\(check)")
                #expect(rows[check]?["advice"].text?.isEmpty == false, "\(check)")
            }
            #expect(rows["migrations"]?["advice"].text?.contains("converged migrate up") == true)
            #expect(rows["roles"]?["detail"].text?.contains("write_desired") == true)
        }
    }

    /// A session that cannot ask for it itself shows what the role was given.
    @Test func lossOfCommitsBehindAPoolerIsTold() async throws {
        try await Office.open { office in
            let name = office.database.name
            for (value, verdict) in [("off", "failed"), ("on", "ok")] {
                try await office.owner.script(
                    "alter role converged_operator in database \(name) set synchronous_commit = \(value)")
                let pooled = office.database.open(role: "converged_operator") { $0.prepared = false }
                let durability = try await examine(pooled).rows["durability"]
                await pooled.close()
                #expect(durability?["verdict"].text == verdict)
                #expect((durability?["advice"].text?.contains("alter role") == true) == (value == "off"))
            }
        }
    }

    @Test func anUnreachableDatabaseIsAskedOnce() async throws {
        let gone = try await TestDatabase.make(migrated: false)
        try await gone.drop()
        let database = gone.open()
        let (exit, rows) = try await examine(database)
        await database.close()
        #expect(exit == .attention)
        #expect(rows["database"]?["verdict"].text == "failed")
        #expect(rows["clock"]?["verdict"].text == "skipped")
    }

    @Test func anEmptyDatabaseNeedsMigrations() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open()
        let (_, rows) = try await examine(database)
        await database.close()
        try await test.drop()
        #expect(rows["database"]?["verdict"].text == "ok")
        #expect(rows["migrations"]?["verdict"].text == "failed")
        #expect(rows["clock"]?["advice"].text?.contains("converged migrate up") == true)
    }

    @Test func peopleGetALineAtOnce() async throws {
        let paper = Paper()
        let doctor = Doctor([
            Check("first") { .ok("fine") }, Check("second one") { .failed("broken\n  badly", advice: "mend it") },
            Check("third") { throw VerbError(.fault, "thrown") },
        ])
        #expect(try await doctor.examine(on: Console(format: .table) { paper.write($0) }) == .attention)
        #expect(
            paper.text == """
                ok       first       fine
                failed   second one  broken badly  → mend it
                failed   third       thrown

                """)
    }
}
