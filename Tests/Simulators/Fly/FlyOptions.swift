extension FlySimulator {
    /// How the simulated platform behaves. The defaults are the kindest platform possible: no lag, no limits.
    public struct Options: Sendable {
        /// An obviously false token; `Bearer` and `FlyV1` are both accepted.
        public var token = "fly-simulator-token"
        public var org = "personal"
        /// Port to listen on; 0 lets the system choose.
        public var port = 0
        public var clock = SimulatorClock.Mode.real
        /// Seed of ids.
        public var seed: UInt64 = 1
        /// Real time that each call takes before it is processed.
        public var callDelay = Duration.zero
        /// From create (or the start of an existing machine) to `started`.
        public var bootDelay = Duration.zero
        /// From `started` to passing checks.
        public var checkDelay = Duration.zero
        /// From a stop, suspend or destroy to its end.
        public var stopDelay = Duration.zero
        /// How long an update stays in `replacing`.
        public var replaceDelay = Duration.zero
        /// From the creation of a volume to `created`.
        public var volumeDelay = Duration.zero
        /// How long a new app answers 404.
        public var appReadyDelay = Duration.zero
        /// How long the hosts don't have a new secrets version.
        public var secretsDelay = Duration.zero
        /// How long a destroyed machine is still answered, before 404.
        public var destroyedVisible = Duration.seconds(60)
        /// How far lists are behind.
        public var listLag = Duration.zero
        /// So many lists of an app (or first pages of the organisation) don't show a new object yet.
        public var listLagCount = 0
        /// Longest page of the organisation's lists, whatever `limit` asks.
        public var orgPageSize = 1000
        /// `nil`: no limits. `.documented`: those of the contract.
        public var limits: RateLimits?
        /// Images whose name contains one of these cannot be pulled: the machine ends `failed`.
        public var unpullableImages = ["nosuchimage"]
        /// Images whose name contains one of these end in `launch_failed`, then `destroyed`.
        public var unlaunchableImages = ["nolaunch"]
        /// Organisations that exist but don't belong to the token.
        public var foreignOrgs = ["somebody-else"]
        /// Whether request bodies are kept in the ledger.
        public var keepsBodies = true

        public init() {}
    }

    /// A token bucket.
    public struct Limit: Sendable, Hashable {
        public var ratePerSecond: Double
        public var burst: Double
        public init(ratePerSecond: Double, burst: Double) {
            self.ratePerSecond = ratePerSecond
            self.burst = burst
        }
    }

    /// Published limits of the API. Exceeding one answers 429.
    public struct RateLimits: Sendable {
        /// Per action and identifier (machine, else app).
        public var perAction = Limit(ratePerSecond: 1, burst: 3)
        public var getMachine = Limit(ratePerSecond: 5, burst: 10)
        /// Over all apps: 100 a minute.
        public var appDeletions = Limit(ratePerSecond: 100.0 / 60, burst: 100)
        /// Over all calls of the organisation; not documented, for tests of a fleet.
        public var organisation: Limit?
        /// Whether 429 answers carry `Retry-After` (not documented).
        public var sendsRetryAfter = false

        public static let documented = RateLimits()
        public init() {}
    }
}
