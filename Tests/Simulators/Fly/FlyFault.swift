extension FlySimulator {
    /// Something that goes wrong, for the calls it matches.
    public struct Fault: Sendable, CustomStringConvertible {
        /// Globs with `*`. `mutating` and `reading` are also understood as actions.
        public var action: String
        public var app: String
        /// Id in the path, or the name in the body of a create.
        public var target: String
        /// So many matching calls pass unharmed first.
        public var after: Int
        /// So many calls are hit; `nil`: all.
        public var times: Int?
        /// Chance of a matching call to be hit, drawn from `seed`.
        public var probability: Double
        public var seed: UInt64
        /// Only between these times of the simulator's clock.
        public var during: Range<Duration>?
        public var effect: Effect

        public init(
            _ effect: Effect, on action: String = "*", app: String = "*", target: String = "*", after: Int = 0,
            times: Int? = 1, probability: Double = 1, seed: UInt64 = 1, during: Range<Duration>? = nil
        ) {
            self.effect = effect
            self.action = action
            self.app = app
            self.target = target
            self.after = after
            self.times = times
            self.probability = probability
            self.seed = seed
            self.during = during
        }

        public var description: String { "\(effect) on \(action) app=\(app) target=\(target)" }
    }

    public enum Effect: Sendable, Hashable {
        /// Any answer, without processing.
        case status(Int, body: String)
        /// 422 `insufficient_capacity`: the region is full.
        case capacityRegion
        /// 412: the host of the volume is full.
        case capacityVolumeHost
        /// 409: this host is full, on update.
        case capacityHost
        /// 403: over the organisation's quota.
        case quota
        /// 429, with `Retry-After` when a time is given.
        case rateLimited(retryAfter: Duration?)
        /// Processed, then the connection is closed without an answer.
        case lostReply
        /// The connection is closed before anything is processed.
        case refused
        /// Processed after this (real) time.
        case delay(Duration)
        /// A list answers that there is nothing.
        case emptyList
        /// A page of the organisation's list is empty although more remain.
        case emptyPage
        /// A list shows the state of so long ago.
        case staleList(Duration)
        /// 502 with an HTML body.
        case html502
        /// 500 without body.
        case empty500
        /// 404 as shortly after a creation.
        case notReady
        /// 401 as shortly after the creation of an app.
        case unauthorized
    }
}

extension FlySimulator.Call: FaultyCall {}

extension FlySimulator.Fault: ScriptedFault {
    func isAbout(_ call: FlySimulator.Call) -> Bool {
        glob(app, matches: call.app ?? "") && glob(target, matches: call.target ?? "")
    }
}
