/// Why a call did not do what it was for, as far as decisions differ. Made from vendor errors at one place.
enum Problem: Error, Sendable, Equatable {
    /// The vendor did not answer, or with 5xx: try again with back-off.
    case unavailable(String)
    /// The vendor asks to wait.
    case throttled(seconds: Double)
    case unauthorized(String)
    /// The name of the app is somebody's.
    case nameTaken(String)
    /// A machine of that name exists already.
    case machineExists(id: String?)
    case foreignMachine(String)
    /// Also our own, when the answer that gave it was lost: it ends by itself after `seconds`.
    case leaseHeld(String, seconds: Double)
    /// `current_version` did not match: somebody else changed the machine.
    case versionConflict
    /// No candidate host in the region.
    case regionFull(String)
    /// The one host of the volume or machine is full.
    case hostFull(String)
    case quotaExceeded(String)
    case refusedRegion(String)
    case refusedImage(String)
    case refused(String)
    /// The thing is in between states: poll.
    case busy(String)
    /// The thing that the call speaks of does not exist.
    case notFound
    /// The call may have happened. Look before anything else.
    case outcomeUnknown
}
