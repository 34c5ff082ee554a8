import FoundationEssentials
import Postgres
import Queue
import Vendors

/// Reads a row of `pas`, gives it its token, and hands it to the common reconciler.
struct PAReconciler: Sendable {
    let droplet: ServedDroplet
    let database: Database
    let keyRing: KeyRing?
    let containers: ContainerReconciler
    let checklist: PAs.Checklist?

    func run(_ lease: Lease) async throws -> Verdict {
        guard let id = lease.key.flatMap(UUID.init(uuidString:)), var row = try await read(id) else {
            return Verdict(.settled(next: nil))
        }
        if row.sealedToken == nil, !row.isDeleting, let keyRing {
            let sealed = GatewayToken.random().sealed(by: keyRing, for: id)
            // Made once, and before anything uses it.
            try await lease.write(["update converged.pas set gateway_token = \(sealed) where id = \(id)"])
            row.sealedToken = sealed
        }
        return try await containers.run(subject(row), lease)
    }

    func plan(_ id: UUID, _ lease: Lease) async throws -> Verdict {
        guard let row = try await read(id) else { return Verdict(.settled(next: nil)) }
        return try await containers.plan(subject(row), lease)
    }

    private func read(_ id: UUID) async throws -> PARow? {
        try await PARow.read(id, on: droplet.name, from: database)
    }

    private func subject(_ row: PARow) -> ContainerSubject {
        var desired = row.desired
        var workload = Workload { _ in .bad("its token is locked") }
        switch token(row) {
        case .success(let token):
            workload = self.workload(row, token)
        case .failure(let fault):
            // Without the token nothing can be made; what is to go needs none.
            if !row.isDeleting { desired.fault = fault }
        }
        let id = row.id
        let url = "https://\(row.name).\(row.domain)"
        var subject = ContainerSubject(
            desired: desired, memory: row.memory, now: row.now, status: row.status, workload: workload,
            release: ["delete from converged.pas where id = \(id) and deleted_at is not null"]
        ) { status in
            """
            update converged.pas set status = \(status.word), observed_generation = \(status.observedGeneration),
                running_at = \(status.runningAt), gateway_url = \(url), status_at = converged.now()
            where id = \(id)
            """
        }
        subject.whenRunning = { [ChecklistRunner.forget(id, except: [$0])] }
        return subject
    }

    private func token(_ row: PARow) -> Result<GatewayToken, ContainerFault> {
        do throws(KeyRingError) {
            guard let keyRing else { throw .empty }
            guard let sealed = row.sealedToken else { throw .unreadable }
            return .success(try GatewayToken.open(sealed, with: keyRing, for: row.id))
        } catch {
            return .failure(ContainerFault(.keyRingMissing, error.description, isPassing: true))
        }
    }

    private func workload(_ row: PARow, _ token: GatewayToken) -> Workload {
        let gateway = droplet.gateway(row.port)
        var workload = Workload { _ in try await PAProbe(gateway: gateway, token: token).finding() }
        let config = GatewayConfig(
            row: row.configValue, port: row.port, bind: gateway.host.hasPrefix("127.") ? "loopback" : "lan",
            token: token, former: row.memory.claims)
        workload.files = [
            PlacedFile(folder: PARow.statePath, name: "openclaw.json") { present throws(ContainerFault) in
                try config.content(over: present)
            }
        ]
        if row.hasChecklist, let checklist {
            let pa = ChecklistSubject(
                id: row.id, name: row.name, team: row.team, droplet: row.droplet, port: row.port, image: row.image)
            workload.checklist = { container, lease in try await checklist(container, pa, lease) }
        }
        workload.redact = { $0.replacing(token.hex, with: "(token)") }
        return workload
    }
}

/// Whether the gateway serves, and takes its own token: another process on the port may well answer, too.
struct PAProbe: Sendable {
    let gateway: GatewayClient
    let token: GatewayToken

    func finding() async throws -> Workload.Finding {
        switch try await gateway.probe("/healthz") {
        case .silence(let why): return .bad("the gateway does not answer on port \(gateway.port): \(why)")
        case .status(200): break
        case .status(let status): return .bad("/healthz answers \(status)")
        }
        switch try await gateway.probe(token: token.hex) {
        case .silence(let why): return .bad("the gateway does not answer on port \(gateway.port): \(why)")
        case .status(401), .status(403): return .bad("the gateway does not take its token")
        case .status(429): return .bad("the gateway has locked out whoever uses a wrong token")
        case .status(500...): return .bad("the gateway answers with an error")
        case .status: return .good
        }
    }
}
