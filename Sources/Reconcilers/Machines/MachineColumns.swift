import FoundationEssentials
import Postgres

/// Memory as columns of `converged.machines`.
extension MachineMemory {
    /// In the order in which both directions go.
    static let columns = [
        "observed_generation", "profile_generation", "status", "gateway_url", "gateway_token", "fly_app",
        "fly_machine_name", "fly_volume_name", "app_ready", "app_asked_at", "volume_asked_at", "volume_looks",
        "fly_volume_id",
        "machine_asked_at", "machine_looks", "fly_machine_id", "fly_instance_id", "fly_region", "region_attempt",
        "spec_hash", "restarted_at", "repairs", "repairs_since", "unhealthy_since", "running_at", "status_at",
    ]

    init(_ fields: inout RowFields) throws {
        observedGeneration = try fields.next()
        profileGeneration = try fields.next()
        status = try fields.next()
        gatewayURL = try fields.next()
        sealedToken = try fields.next()
        app = try fields.next()
        machineName = try fields.next()
        volumeName = try fields.next()
        appReady = try fields.next()
        appAskedAt = try fields.next()
        volumeAskedAt = try fields.next()
        volumeLooks = try fields.next()
        volumeID = try fields.next()
        machineAskedAt = try fields.next()
        machineLooks = try fields.next()
        machineID = try fields.next()
        instanceID = try fields.next()
        region = try fields.next()
        regionAttempt = try fields.next()
        specHash = try fields.next()
        restartedAt = try fields.next()
        repairs = try fields.next()
        repairsSince = try fields.next()
        unhealthySince = try fields.next()
        runningAt = try fields.next()
        statusAt = try fields.next()
    }

    private var cells: [PostgresCell?] {
        [
            observedGeneration.postgresCell, profileGeneration.postgresCell, status.postgresCell,
            gatewayURL.postgresCell, sealedToken.postgresCell, app.postgresCell, machineName.postgresCell,
            volumeName.postgresCell, appReady.postgresCell, appAskedAt.postgresCell, volumeAskedAt.postgresCell,
            volumeLooks.postgresCell,
            volumeID.postgresCell, machineAskedAt.postgresCell, machineLooks.postgresCell, machineID.postgresCell,
            instanceID.postgresCell, region.postgresCell, regionAttempt.postgresCell, specHash.postgresCell,
            restartedAt.postgresCell, repairs.postgresCell, repairsSince.postgresCell, unhealthySince.postgresCell,
            runningAt.postgresCell, statusAt.postgresCell,
        ]
    }

    /// Writes what differs from `old`, and only that: the survey may raise `profile_generation` meanwhile. Nil when
    /// nothing differs.
    func update(_ row: UUID, since old: MachineMemory) -> SQL? {
        let changes = zip(Self.columns, zip(cells, old.cells)).filter { $0.1.0 != $0.1.1 }
        guard !changes.isEmpty else { return nil }
        let list = changes.enumerated().map { "\($1.0) = $\($0 + 2)" }.joined(separator: ", ")
        return SQL(
            "update converged.machines set \(list) where id = $1", bind: [row.postgresCell] + changes.map(\.1.0))
    }
}
