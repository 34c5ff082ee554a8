extension DockerSimulator {
    /// Something that goes wrong, for the calls it matches.
    public struct Fault: Sendable, CustomStringConvertible {
        /// Glob with `*`. `mutating` and `reading` are also understood.
        public var action: String
        /// Glob over the container's name, or over what the path or the create names.
        public var object: String
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
            _ effect: Effect, on action: String = "*", object: String = "*", after: Int = 0, times: Int? = 1,
            probability: Double = 1, seed: UInt64 = 1, during: Range<Duration>? = nil
        ) {
            self.effect = effect
            self.action = action
            self.object = object
            self.after = after
            self.times = times
            self.probability = probability
            self.seed = seed
            self.during = during
        }

        public var description: String { "\(effect) on \(action) \(object)" }
    }

    public enum Effect: Sendable, Hashable {
        /// Any answer with these words, without processing.
        case status(Int, String)
        /// The connection is closed before anything is processed.
        case refused
        /// Processed, then the connection is closed without an answer.
        case lostReply
        /// Processed after this (real) time.
        case delay(Duration)
        /// The answer's body breaks off after so many bytes; what it is about goes on.
        case cut(afterBytes: Int)
        /// The daemon goes away for this time of the simulator's clock, after the call was processed.
        case daemonRestart(Duration)
    }
}

extension DockerSimulator.Call: FaultyCall {}

extension DockerSimulator.Fault: ScriptedFault {
    func isAbout(_ call: DockerSimulator.Call) -> Bool {
        let names = [call.object, call.target].compactMap(\.self)
        return object == "*" || names.contains { glob(object, matches: $0) }
    }
}
