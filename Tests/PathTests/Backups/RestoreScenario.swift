import Foundation
import Postgres
import Reconcilers
import Simulators
import Support
import Vendors

/// A restore, and what there must be in the end.
struct RestoreScenario: Sendable, CustomStringConvertible {
    var description: String
    var isDump = false
    /// Docker refuses the archive for good: what was there has to stay.
    var isRefused = false

    static let all = [
        RestoreScenario(description: "data directory"),
        RestoreScenario(description: "data directory, given up", isRefused: true),
        RestoreScenario(description: "database", isDump: true),
        RestoreScenario(description: "database, given up", isDump: true, isRefused: true),
    ]

    private static let data = "/opt/mypa/agents/pa-ada/data"
    private static let rows = "volume:crm-db/rows"
    var container: String { isDump ? "crm-db" : "pa-ada" }
    private var refused: String { isDump ? "/tmp" : "/data/.restore*" }

    /// What is on the droplet's disk, besides the folders themselves.
    private func state(_ text: String) -> [String: String] {
        isDump
            ? [Self.rows: text]
            : ["\(Self.data)/openclaw.json": text, "\(Self.data)/memory/\(text)": text]
    }

    /// The object, its container, and its first back-up.
    func prepare(_ lane: DropletLane) async throws {
        lane.docker.publish(.init("image:1"), isLocal: true)
        lane.docker.behave(.init(.fileTool, container: "*.restore"))
        let dump = String(decoding: WrittenDump.bytes(), as: UTF8.self)
        lane.docker.onExec(.init("pg_dump *", output: dump))
        lane.docker.onExec(.init("rm -f /tmp/converged.dump") { $0.removes = ["/tmp/converged.dump"] })
        lane.docker.onExec(.init("pg_restore --list *", output: ";\n;     TOC Entries: \(WrittenDump.entries)\n"))
        let rows = "/var/lib/postgresql/data/rows"
        lane.docker.onExec(
            isRefused
                ? .init("pg_restore --clean *", exitCode: 1)
                : .init("pg_restore --clean *") { $0.writes = [rows: .init("restored")] })
        if isDump {
            try await lane.admin.script(
                """
                insert into converged.services (name, droplet, team, image) values ('crm-db', 'one', 'alpha', 'image:1');
                insert into converged.dumps (service) select id from converged.services;
                """)
        } else {
            try await lane.admin.query(
                "insert into converged.pas (name, team, droplet) values ('ada', 'alpha', 'one')")
        }
        try await place(lane, "restored")
        let daemon = lane.start()
        try await lane.settle("select exists (select from converged.backups where state = 'good')")
        try await daemon.end()
    }

    /// The container runs, with this on its disk.
    private func place(_ lane: DropletLane, _ text: String) async throws {
        for container in lane.docker.containers() { lane.docker.removeContainer(container.id) }
        for path in lane.docker.hostPaths() { lane.docker.setHostFile(path, nil) }
        for (path, text) in state(text) { lane.docker.setHostFile(path, .init(text, uid: 1000)) }
        var spec = DockerContainerSpec(name: container, image: "image:1")
        spec.labels = [Marks.droplet: "one"]
        spec.host.network = .none
        spec.host.mounts = [
            isDump
                ? DockerMount(.volume, "crm-db", at: "/var/lib/postgresql/data")
                : DockerMount(.bind, Self.data, at: "/home/node/.openclaw")
        ]
        _ = try await lane.bystander.createContainer(spec)
        try await lane.bystander.startContainer(container)
    }

    /// All as after `prepare`, but for newer data and a wish for the older.
    func begin(_ lane: DropletLane, folder: String) async throws {
        lane.docker.clearFaults()
        try await place(lane, "newer")
        lane.docker.clearLedger()
        let first: String = try await lane.admin.query("select file from converged.backups order by id limit 1")
            .scalar()
        for path in try files(folder) where path != first {
            try FileManager.default.removeItem(atPath: folder + "/" + path)
        }
        try await lane.admin.batch([
            "delete from converged.jobs", "delete from converged.wakes", "delete from converged.restores",
            "delete from converged.pauses", "delete from converged.conditions",
            "delete from converged.backups where id > (select min(id) from converged.backups)",
            "update converged.backups set started_at = converged.now()",
            "select converged.request_restore(id) from converged.backups",
        ])
        if isRefused, !isDump {
            lane.docker.inject(.init(.status(400, "no"), on: "put-archive", object: "*.restore", times: nil))
        }
    }

    /// What is wrong with the outcome; empty: nothing.
    func verify(_ lane: DropletLane, folder: String) async throws -> [String] {
        var wrong: [String] = []
        let there = lane.docker.hostPaths().compactMap { path in
            lane.docker.hostFile(path).flatMap { $0.kind == .file ? (path, $0.text) : nil }
        }
        if Dictionary(uniqueKeysWithValues: there) != state(isRefused ? "newer" : "restored") {
            wrong.append("on the disk: \(there)")
        }
        let stages = lane.docker.hostPaths().filter { $0.contains("restore-") }
        if !stages.isEmpty { wrong.append("left behind: \(stages)") }
        let containers = lane.docker.containers()
        if containers.map(\.name) != [container] { wrong.append("containers: \(containers.map(\.name))") }
        if containers.first?.isRunning != true { wrong.append("it does not run") }
        if containers.first?.layer.isEmpty != true {
            wrong.append("left in it: \(containers.first?.layer.keys.sorted() ?? [])")
        }
        if lane.docker.execs().contains(where: \.isRunning) { wrong.append("a command runs") }
        let (told, open, pauses) = try await lane.admin.query(
            """
            select (select string_agg(r.state || ' ' || c.reason, ', ') from converged.restores r
                    left join converged.conditions c on c.key = r.key::text and c.type = 'Restored'),
                (select count(*) from converged.backups where state in ('wanted', 'running')),
                (select count(*) from converged.pauses)
            """)[0].decode((String, Int, Int).self)
        if told != (isRefused ? "failed RestoreFailed" : "done Restored") { wrong.append("told: \(told)") }
        if open + pauses > 0 { wrong.append("\(open) open back-ups, \(pauses) pauses") }
        return wrong + (try await verifyFiles(lane, folder))
    }

    /// Rows and files agree, and what was there is among them.
    private func verifyFiles(_ lane: DropletLane, _ folder: String) async throws -> [String] {
        let known: [String] = try await lane.admin.query(
            "select file from converged.backups where state = 'good' order by id"
        ).column(0)
        let found = try files(folder)
        var wrong = known.sorted() == found ? [] : ["rows know \(known), files are \(found)"]
        // A run that died between the file and its row makes it again.
        if !(2...3).contains(known.count) { wrong.append("\(known.count) back-ups") }
        guard !isDump, let last = known.last else { return wrong }
        let saved = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + last))
        if saved.range(of: Data("memory/newer".utf8)) == nil { wrong.append("what was there is not saved") }
        return wrong
    }

    private func files(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            var isFolder = ObjCBool(false)
            return FileManager.default.fileExists(atPath: folder + "/" + path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }
}
