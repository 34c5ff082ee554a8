import FoundationEssentials
import Logging
import Postgres
import Queue
import Vendors

/// Deletes orphans whose time has come, each after a last look at the vendor and at our rows.
struct OrphanSweep: Sendable {
    let client: FlyClient
    let database: Database
    let logger: Logger

    /// Which records are due, at most so many of each type. Pure.
    static func due(
        _ records: [OrphanRecord], seen: Set<String>, sweepsAll: Bool, limits: [Orphan.Kind: Int]
    ) -> [Orphan] {
        var left = limits
        return records.compactMap { record in
            let orphan = record.orphan
            guard record.isOld, record.sweep || sweepsAll, seen.contains(orphan.id), left[orphan.type, default: 0] > 0
            else { return nil }
            left[orphan.type, default: 0] -= 1
            return orphan
        }
    }

    /// - Returns: how many were deleted. A vendor in trouble ends the sweep, not the survey.
    func sweep(_ orphans: [Orphan], under lease: Lease) async throws -> Int {
        var swept = 0
        for orphan in orphans {
            do {
                guard try await isStillOrphan(orphan) else { continue }
                try await delete(orphan)
            } catch let error as FlyError {
                logger.warning("orphan not swept", metadata: ["id": "\(orphan.id)", "error": "\(error)"])
                if case .unavailable = error.kind { return swept }
                continue
            }
            swept += 1
            let text = "\(orphan.type.rawValue) \(orphan.id) (\(orphan.name)) of app \(orphan.app) in \(orphan.region)"
            try await lease.write([
                """
                insert into converged.events (kind, key, actor, reason, message)
                values ('fleet', 'fly', 'converged', 'OrphanSwept', \(text))
                """,
                OrphanRecord.removal(of: orphan),
            ])
        }
        return swept
    }

    private func isStillOrphan(_ orphan: Orphan) async throws -> Bool {
        do {
            switch orphan.type {
            case .machine:
                let machine = try await client.getMachine(app: orphan.app, id: orphan.id)
                guard !machine.isGone, !machine.isHostDown,
                    let mark = machine.config?.metadata?[FlyMark.owner], let owner = UUID(uuidString: mark)
                else { return false }
                return try await isUnclaimed(machine: orphan.id, owner: owner)
            case .volume:
                let volume = try await client.getVolume(app: orphan.app, id: orphan.id)
                guard !volume.isGone, volume.attachedMachineID == nil, volume.name == orphan.name else { return false }
                return try await isUnclaimed(volume: orphan)
            }
        } catch let error as FlyError where error.kind == .notFound {
            return false
        }
    }

    private func isUnclaimed(machine id: String, owner: UUID) async throws -> Bool {
        try await database.query(
            """
            select not exists (
                select from converged.machines
                where fly_machine_id = \(id) or (id = \(owner) and fly_machine_id is null))
            """
        ).scalar(as: Bool.self)
    }

    private func isUnclaimed(volume: Orphan) async throws -> Bool {
        try await database.query(
            """
            select not exists (
                select from converged.machines
                where fly_volume_id = \(volume.id)
                    or (fly_app = \(volume.app) and fly_volume_name = \(volume.name) and fly_volume_id is null))
            """
        ).scalar(as: Bool.self)
    }

    private func delete(_ orphan: Orphan) async throws {
        switch orphan.type {
        case .machine: try await client.deleteMachine(app: orphan.app, id: orphan.id)
        case .volume: try await client.deleteVolume(app: orphan.app, id: orphan.id)
        }
    }
}
