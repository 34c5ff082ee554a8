import Synchronization
import Vendors

/// The trouble of one droplet, as its watcher writes it down and its survey reads it.
final class TroubleBook: Sendable {
    private let trouble: Mutex<Trouble>

    init(_ settings: DropletSettings) { trouble = Mutex(Trouble(settings, now: .now)) }

    func note(_ event: DockerEvent) -> Bool { trouble.withLock { $0.note(event, now: .now) } }

    func judge() -> Trouble.Verdict { trouble.withLock { $0.judge(now: .now) } }

    func takeTouched() -> Set<Trouble.Owner> { trouble.withLock { $0.takeTouched() } }
}
