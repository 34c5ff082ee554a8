import FoundationEssentials
import Postgres
import Queue
import Vendors

/// Reads a row of `services`, fills its environment, and hands it to the common reconciler.
struct ServiceReconciler: Sendable {
    let droplet: ServedDroplet
    let database: Database
    let containers: ContainerReconciler
    let files: EnvironmentFiles

    func run(_ lease: Lease) async throws -> Verdict {
        guard let id = lease.key.flatMap(UUID.init(uuidString:)), let row = try await read(id) else {
            return Verdict(.settled(next: nil))
        }
        let verdict = try await containers.run(try await subject(row), lease)
        // Nothing of it is left, and its row goes with this verdict.
        if row.isDeleting, verdict.outcome == .settled(next: nil) {
            try await files.clear(row)
            try await ServiceGround(docker: droplet.docker, row: row).clear()
        }
        return verdict
    }

    func plan(_ id: UUID, _ lease: Lease) async throws -> Verdict {
        guard let row = try await read(id) else { return Verdict(.settled(next: nil)) }
        return try await containers.plan(try await subject(row), lease)
    }

    private func read(_ id: UUID) async throws -> ServiceRow? {
        try await ServiceRow.read(id, on: droplet.name, from: database)
    }

    private func subject(_ row: ServiceRow) async throws -> ContainerSubject {
        var environment = ServiceEnvironment.none
        var fault: ContainerFault?
        // What is to stop or to go needs none.
        if row.runs, !row.isDeleting {
            do {
                let lines =
                    if let path = row.envFile { try await files.lines(of: path, for: row) } else {
                        nil as [String: String]?
                    }
                environment = try ServiceEnvironment(row.env, file: lines)
            } catch let found as ContainerFault {
                // Somebody is about to mend it, and should not wait for what we remember.
                if let path = row.envFile { files.forget(path, for: row) }
                fault = found
            } catch let error as DockerError {
                fault = ContainerFault(.vendorUnavailable, error.description, isPassing: true)
            }
        }
        var desired = row.desired(environment.values)
        desired.fault = desired.fault ?? fault
        let id = row.id
        return ContainerSubject(
            desired: desired, memory: row.memory, now: row.now, status: row.status,
            workload: workload(row, environment.secrets),
            release: ["delete from converged.services where id = \(id) and deleted_at is not null"]
        ) { status in
            """
            update converged.services set status = \(status.word), observed_generation = \(status.observedGeneration),
                status_at = converged.now()
            where id = \(id)
            """
        }
    }

    private func workload(_ row: ServiceRow, _ secrets: [String]) -> Workload {
        let probe = ServiceProbe(droplet: droplet, row: row)
        let ground = ServiceGround(docker: droplet.docker, row: row)
        var workload = Workload { try await probe.finding($0) }
        workload.prepare = { try await ground.prepare() }
        workload.redact = { Redaction.redact($0, secrets: secrets) }
        return workload
    }
}
