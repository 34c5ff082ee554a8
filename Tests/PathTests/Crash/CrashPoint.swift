import Simulators
import Support
import Synchronization

/// Where a daemon is hit, and how.
struct CrashPoint: Sendable, CustomStringConvertible {
    enum Kind: String, Sendable, CaseIterable { case call, commit }
    enum Mode: String, Sendable, CaseIterable {
        /// The daemon dies before the call or commit has any effect.
        case before
        /// It dies after the effect, before it hears of it.
        case after
        /// It lives on, but never hears the answer.
        case replyLost = "reply lost"
    }

    var kind: Kind
    var mode: Mode
    /// From 1.
    var number: Int

    var description: String { "\(kind.rawValue) \(number), \(mode.rawValue)" }
}

/// Hits one daemon at one point: it sits in the vendor's door and in the wire to Postgres, and cuts both at once.
final class Crasher: Sendable {
    /// What becomes of a call, in the words of no simulator.
    enum Deed { case proceed, dropReply, refuseAndClose }

    private struct State {
        var calls = 0
        var hasFired = false
        var isDead = false
    }

    let point: CrashPoint
    let wire: PostgresWire
    private let state = Mutex(State())

    /// Whoever makes it puts `act` into a vendor's door.
    init(_ point: CrashPoint, before cluster: TestCluster) throws {
        self.point = point
        wire = try PostgresWire.start(before: cluster)
        guard point.kind == .commit else { return }
        let cut: PostgresWire.Cut =
            switch point.mode {
            case .before: .before
            case .after: .after
            case .replyLost: .replyLost
            }
        wire.onCut { [weak self] in self?.fire() }
        wire.cut(atCommit: point.number, cut)
    }

    convenience init(_ point: CrashPoint, _ lane: FlyLane) throws {
        try self.init(point, before: lane.database.cluster)
        lane.fly.onCall { [weak self] _, phase in
            switch self?.act(isBefore: phase == .before) ?? .proceed {
            case .proceed: .proceed
            case .dropReply: .dropReply
            case .refuseAndClose: .refuseAndClose
            }
        }
    }

    /// It was hit.
    var hasFired: Bool { state.withLock { $0.hasFired } }
    /// It was hit and is dead: nothing of it reaches the outside any more.
    var isDead: Bool { state.withLock { $0.isDead } }

    private func fire() {
        state.withLock { state in
            state.hasFired = true
            if point.mode != .replyLost { state.isDead = true }
        }
    }

    /// - Parameter isBefore: the call is not processed yet.
    func act(isBefore: Bool) -> Deed {
        let (isDead, isHit) = state.withLock { state in
            if isBefore { state.calls += 1 }
            // Others may have begun meanwhile, where several are under way at once.
            let isPhase = isBefore == (point.mode == .before)
            return (state.isDead, point.kind == .call && isPhase && state.calls >= point.number && !state.hasFired)
        }
        if isDead { return .refuseAndClose }
        guard isHit else { return .proceed }
        fire()
        if point.mode == .replyLost { return .dropReply }
        wire.cutAll()
        return .refuseAndClose
    }
}
