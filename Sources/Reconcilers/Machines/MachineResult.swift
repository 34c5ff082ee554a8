/// What an action brought back.
enum MachineResult: Sendable, Equatable {
    /// It was done, and the answer says no more.
    case done
    case app(AppSight)
    case addresses(Set<String>)
    case volume(VolumeSight)
    /// Usable volumes with our name, oldest first, and how many volumes the app has at all.
    case volumes([VolumeSight], total: Int)
    case machine(MachineSight)
    /// Machines with our name.
    case machines([MachineSight])
    case failed(Problem)
}
