/// Every reason that a condition can carry. Each has a page `runbooks/<reason>.md`.
///
/// The raw value is stored in `converged.conditions.reason` and shown by `converged why`.
public enum Reason: String, CaseIterable, Sendable, Codable {
    // On the way: nothing to do but wait.

    /// The machine is being made for the first time.
    case provisioning = "Provisioning"
    /// A changed image, size, environment or config is being applied.
    case updating = "Updating"
    /// The machine was asked to start and is not there yet.
    case starting = "Starting"
    /// The machine was asked to stop and is not there yet.
    case stopping = "Stopping"
    /// A restart was asked for, by the row or by bad health.
    case restarting = "Restarting"
    /// The row carries a tombstone; the vendor's objects are being removed.
    case deleting = "Deleting"

    // Agreement.

    /// The machine runs what the row wants and its health check passes.
    case running = "Running"
    /// The row wants it stopped and it is.
    case stopped = "Stopped"

    // The row is wrong. It heals when the row (or its profile) is corrected.

    /// `machines.profile` names no row of `machine_profiles`. Add the profile or correct the row.
    case unknownProfile = "UnknownProfile"
    /// The image reference cannot be one. Correct `machines.image` or the profile.
    case invalidImage = "InvalidImage"
    /// Fly accepted the image reference but could not pull it. Correct the tag or the registry's permissions.
    case imagePullFailed = "ImagePullFailed"
    /// No such region, or the machine's data lives in another one. Correct `machines.region`.
    case invalidRegion = "InvalidRegion"
    /// An environment name is malformed or belongs to a vendor's master key. Remove it from `env`.
    case invalidEnvironment = "InvalidEnvironment"
    /// Fly refused the machine's specification (422). The message holds its words.
    case specRefused = "SpecRefused"
    /// The row wants a smaller volume; volumes only grow. Set `volume_gb` back.
    case volumeCannotShrink = "VolumeCannotShrink"

    // The outside is in the way.

    /// The app's name belongs to somebody else. Change the profile's name template or ask the owner.
    case nameTaken = "NameTaken"
    /// A machine has our name but not our mark. Remove it or mark it as ours.
    case foreignMachine = "ForeignMachine"
    /// Fly's quota of the organisation is used up. Ask Fly for more.
    case quotaExceeded = "QuotaExceeded"
    /// The volume with the assistant's data is gone. A person decides between a restore and an empty start.
    case volumeLost = "VolumeLost"
    /// No room for the machine in any of its regions, or on the host of its volume. Tried again with back-off.
    case capacityExhausted = "CapacityExhausted"
    /// The machine's host does not answer. Nothing is touched until it does.
    case hostUnreachable = "HostUnreachable"
    /// Somebody else holds the machine's lease at Fly. Waited for.
    case leaseHeld = "LeaseHeld"
    /// The machine stops or fails right after it was started. Tried again with back-off.
    case startFailed = "StartFailed"
    /// The health check fails.
    case unhealthy = "Unhealthy"
    /// The health check fails and restarts did not help; no more of them until it heals or the row changes.
    case restartLimit = "RestartLimit"
    /// The vendor does not answer, or not in time. Tried again with back-off.
    case vendorUnavailable = "VendorUnavailable"
    /// The vendor refuses our credentials. Rotate the token's credential file.
    case vendorUnauthorized = "VendorUnauthorized"

    // Of droplets and what is on them.

    /// The Docker engine that answers is not the droplet's own. Nothing is done until it is, or the row is told otherwise.
    case anotherEngine = "AnotherEngine"
    /// A daemon was told to serve the droplet and must not, or cannot.
    case notServed = "NotServed"
    /// The container ends by itself again and again; Docker starts it each time.
    case crashLooping = "CrashLooping"
    /// The kernel killed a process of the container for lack of memory.
    case outOfMemory = "OutOfMemory"

    // Of containers on droplets.

    /// A container has our name but not our mark. Remove or rename it.
    case foreignContainer = "ForeignContainer"
    /// The checklist of a recreated container is under way; it serves meanwhile.
    case checklistRunning = "ChecklistRunning"
    /// A step of the checklist fails for good. Correct the step, or what it needs.
    case checklistFailed = "ChecklistFailed"
    /// The new container did not take over, so the former one serves again; not tried again before the row changes.
    case rolledBack = "RolledBack"
    /// The data directory was made and is gone. A person decides between a restore and an empty start.
    case dataMissing = "DataMissing"
    /// Another process or container on the droplet has the port.
    case portInUse = "PortInUse"
    /// The droplet's disk is full.
    case diskFull = "DiskFull"
    /// What is in the gateway's config file cannot be read, so it is not overwritten.
    case configUnreadable = "ConfigUnreadable"
    /// A service's `env_file` is not on the droplet, or is no small file.
    case environmentFileMissing = "EnvironmentFileMissing"
    /// A network of a service's name is not ours; containers of both would meet in it.
    case foreignNetwork = "ForeignNetwork"

    // The daemon holds back.

    /// Creates and deletes are stopped for the fleet, see `populationDropped`.
    case frozen = "Frozen"
    /// The key ring lacks the key that sealed this machine's token, or there is no key ring.
    case keyRingMissing = "KeyRingMissing"
    /// An operator paused the key or the kind.
    case paused = "Paused"

    // Of fleets, written by the survey.

    /// The fleet was read completely.
    case surveyed = "Surveyed"
    /// So many machines vanished between two surveys that none is believed: creates and deletes stop.
    case populationDropped = "PopulationDropped"
    /// More machines need repair at once than a vendor's trouble would explain; repairs stop.
    case repairsHalted = "RepairsHalted"
    /// A changed profile or image is on its way through the fleet, canary first.
    case rollingOut = "RollingOut"
    /// Machines or PAs that followed a change are worse off; the rest stays as it is.
    case rolloutHalted = "RolloutHalted"
    /// The whole fleet follows its profile; all PAs of a rollout have its image.
    case rolledOut = "RolledOut"
    /// All PAs of a rollout that an operator took back have the image they had before.
    case reverted = "Reverted"

    // Of a droplet's Caddy, condition Routes.

    /// Every public name of the droplet leads where its row says.
    case routesCurrent = "RoutesCurrent"
    /// `droplets.caddy_admin` is null: nobody keeps routes there.
    case noCaddy = "NoCaddy"
    /// Caddy's admin API does not answer, or not as Caddy does. What it serves stays; tried again with back-off.
    case caddyUnreachable = "CaddyUnreachable"
    /// Caddy refuses the change, has no such server, or others change its routes all the time. Its old routes serve on.
    case routesRefused = "RoutesRefused"
    /// A public name cannot have its route: it is somebody else's in Caddy's configuration, or no route can lead there.
    case routeBlocked = "RouteBlocked"

    // Of back-ups, conditions BackedUp and Restored.

    /// There is a back-up that is young enough.
    case backedUp = "BackedUp"
    /// The daemon has no directory for back-ups.
    case backupsOff = "BackupsOff"
    /// The last one failed. Tried again with back-off.
    case backupFailed = "BackupFailed"
    /// A back-up was put back as asked.
    case restored = "Restored"
    /// It was not, or not yet; what was there is kept.
    case restoreFailed = "RestoreFailed"
}
