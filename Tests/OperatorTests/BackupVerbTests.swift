import Foundation
import Postgres
import Support
import Testing

@testable import Operator

/// Back-ups as operators see them and ask for them.
@Suite struct BackupVerbTests {
    private func good(_ office: Office, _ name: String) async throws -> Int64 {
        try await office.daemon.query(
            """
            insert into converged.backups (kind, key, name, droplet, format, state, started_at, finished_at, file, bytes, sha256, entries)
            select kind, key, name, droplet, format, 'good', converged.now(), converged.now(), name || '.tar', 2048, repeat('ab', 32), 4
            from converged.backup_objects where name = \(name) returning id
            """
        ).scalar()
    }

    private func ids(_ office: Office, _ objects: [String]) async throws -> [Int64?] {
        let answer = try await office.ask { try await $0.runBackups(of: objects) }
        return answer.document.items.map { $0["id"].integer }
    }

    private func listed(_ office: Office, _ object: String?, _ column: String) async throws -> [String?] {
        let answer = try await office.ask { try await $0.listBackups(of: object, limit: 10) }
        return answer.document["backups"].items.map { $0[column].text }
    }

    @Test func backUpsAreAskedForOnceAndWakeTheirDroplet() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            try await office.owner.query("delete from converged.wakes")
            #expect(try await ids(office, ["pa/ada", "bob"]) == [1, 2])
            #expect(try await ids(office, ["ada"]) == [1])
            let kinds: [String] = try await office.owner.query(
                "select distinct kind || ' ' || split_part(key, '/', 1) from converged.wakes order by 1"
            ).column(0)
            #expect(kinds == ["backup@fleet-alpha pa", "backup@fleet-beta pa"])
        }
    }

    @Test func theListTellsWhatNeedsAPerson() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            #expect(try await office.read { try await $0.listBackups(of: nil, limit: 10) }.text == "none\n")
            _ = try await ids(office, ["ada", "bob"])
            #expect(try await listed(office, nil, "state") == ["wanted", "wanted"])
            #expect(try await listed(office, "pa/bob", "name") == ["bob"])
            try await office.daemon.query(
                "update converged.backups set state = 'failed', error = 'the disk is full' where name = 'bob'")
            let told = try await office.read { try await $0.listBackups(of: nil, limit: 10) }
            #expect(told.exit == .attention)
            #expect(told.text.contains("the disk is full"))
        }
    }

    @Test func servicesAreBackedUpOnceTheySayWhat() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let unknown = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.runBackups(of: ["ada", "twenty-alpha-server"]) }
            }
            #expect(unknown?.exit == .unknown && unknown?.message.contains("converged.dumps") == true)
            #expect(try await office.owner.query("select from converged.backups").isEmpty)
            try await office.operators.query(
                "insert into converged.dumps (service) select id from converged.services")
            _ = try await office.read { try await $0.runBackups(of: ["service/twenty-alpha-server"]) }
            let format: String = try await office.owner.query("select format from converged.backups").scalar()
            #expect(format == "pg_dump")
        }
    }

    @Test func aGoodOneIsRestoredToItsOwnOrToAnother() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let id = try await good(office, "ada")
            let (_, own) = try await office.ask { try await $0.restoreBackup(id, to: nil) }
            #expect(own["object"].text == "pa/ada")
            let (_, other) = try await office.ask { try await $0.restoreBackup(id, to: "bob") }
            #expect(other["object"].text == "pa/bob")
            let text = try await office.read { try await $0.listBackups(of: "bob", limit: 10) }.text
            #expect(text.hasPrefix("none\n\nRESTORES\n"))
            for (wrong, to, state) in [(id, nil, "CV409"), (id + 9, nil, "CV404")] as [(Int64, String?, String)] {
                let refused = await #expect(throws: PostgresError.self) {
                    try await office.read { try await $0.restoreBackup(wrong, to: to) }
                }
                #expect(refused?.sqlState == state)
            }
            let nobody = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.restoreBackup(id, to: "eve") }
            }
            #expect(nobody?.exit == .unknown)
            let failed = try await office.daemon.query(
                "update converged.backups set state = 'lost' where id = \(id) returning id"
            ).scalar(as: Int64.self)
            let lost = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.restoreBackup(failed, to: nil) }
            }
            #expect(lost?.message.contains("only a good one") == true)
        }
    }
}
