import Postgres
import Queue
import Vendors

/// One run of the key `backup@<droplet>/<kind>/<id>`: at most one back-up or a part of a restore, then another look.
struct BackupJob: Sendable {
    let droplet: String
    let docker: DockerClient
    let database: Database
    let settings: BackupSettings

    func run(_ lease: Lease) async throws -> Verdict {
        guard let name = lease.key, let rows = try await BackupRows.read(name, from: database) else {
            return Verdict(.settled(next: nil))
        }
        let report = BackupReport(rows)
        guard let directory = settings.directory else { return report.off() }
        let folder = BackupFolder(directory: directory, droplet: droplet, rows: rows)
        let decision = BackupDecision(rows, settings)
        let maker = BackupMaker(droplet: droplet, docker: docker, settings: settings, directory: directory)
        do {
            switch decision.step {
            case .restore(let wish):
                let restore = RestoreRun(wish: wish, rows: rows, maker: maker, docker: docker, lease: lease)
                return try await restore.run()
            case .backUp(let isWished):
                return try await backUp(rows, maker, lease, isWished: isWished)
            case .rest:
                let healed = try await folder.heal()
                if !healed.isEmpty {
                    return Verdict(.again(after: .zero), writes: healed, log: ["healed": "\(healed.count)"])
                }
                let expired = decision.expired
                let writes = try await folder.remove(expired)
                var log: [String: String] = [:]
                if !expired.isEmpty { log["expired"] = "\(expired.count)" }
                return Verdict(
                    .settled(next: decision.next(unit: Double.random(in: 0..<1))),
                    writes: writes + report.rest(decision.newest), log: log)
            }
        } catch let trouble as BackupTrouble {
            return report.failed(trouble.why, backup: trouble.id)
        } catch let failure as Disk.Failure {
            return report.failed("\(failure)")
        } catch let error as DockerError {
            return report.failed("\(error)")
        }
    }

    private func backUp(
        _ rows: BackupRows, _ maker: BackupMaker, _ lease: Lease, isWished: Bool
    ) async throws -> Verdict {
        guard let object = rows.object else { return Verdict(.settled(next: nil)) }
        let report = BackupReport(rows)
        do {
            _ = try await docker.inspectContainer(object.container)
        } catch let error as DockerError where error.kind == .notFound {
            // A new object has nothing yet; one that had something has lost it.
            let isNew = rows.records.allSatisfy { $0.content == nil }
            if isNew, !isWished { return report.notYet(object) }
            let open = rows.records.first(where: \.isOpen)
            return report.failed("there is no container \(object.container) on \(droplet)", backup: open?.id)
        }
        let (id, done) = try await maker.make(object, rows, lease)
        return report.made(id, done)
    }
}
