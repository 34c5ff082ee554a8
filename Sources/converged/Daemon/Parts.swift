import Glibc
import Logging
import Operator
import Outbound
import Postgres
import Queue
import Reconcilers
import Vendors

/// What the daemon is made of. Dependencies are init parameters; this is the one place that knows them all.
struct Parts: Sendable {
    let settings: Settings
    let database: Database
    let outbound: Outbound
    /// Nil without a Fly organisation.
    let token: RenewableToken?
    let worker: Worker
    let droplets: DropletWorkers

    init(_ settings: Settings, _ needs: DaemonNeeds, logger: Logger) {
        self.settings = settings
        var options = DatabaseSettings(url: needs.databaseURL)
        options.maxConnections = settings.database.maxConnections
        options.prepared = settings.database.pooler == .none
        let database = Database(options, logger: logger)
        let rate = settings.fly.callsPerSecond
        let outbound = Outbound(
            OutboundSettings(
                budgets: FlyBudgets.standard(
                    vendorWide: Budget(ratePerSecond: rate, burst: max(1, Int(rate / 10))))),
            logger: logger)
        let token = needs.fly.map { RenewableToken($0.token) }
        self.database = database
        self.outbound = outbound
        self.token = token
        worker = Worker(
            database: database,
            kinds: Self.flyKinds(settings, needs, token, database, outbound, logger) + [
                Rollouts.jobKind(database: database, logger: logger)
            ],
            settings: Self.worker(settings, needs), logger: logger)
        var limits = DropletWorkers.Limits()
        limits.survey.interval = .seconds(settings.docker.surveySeconds)
        droplets = DropletWorkers(
            database: database, outbound: outbound, identity: needs.dockerIdentity, registries: needs.registries,
            names: settings.docker.names, host: settings.docker.hostName ?? HostName.current, limits: limits,
            worker: Self.worker(settings, needs),
            logger: logger,
            kinds: DropletKinds(
                database: database, outbound: outbound, keyRing: needs.keyRing, backups: Self.backups(settings)
            ).all)
    }

    private static func flyKinds(
        _ settings: Settings, _ needs: DaemonNeeds, _ token: RenewableToken?, _ database: Database,
        _ outbound: Outbound, _ logger: Logger
    ) -> [JobKind] {
        guard let fly = needs.fly, let token else { return [] }
        let client = FlyClient(
            outbound: outbound, settings: FlySettings(url: settings.fly.url, org: fly.org, token: { token.current }))
        var machines = MachineSettings()
        machines.concurrency = settings.worker.concurrency
        return [
            Machines.jobKind(fly: client, database: database, keyRing: needs.keyRing, settings: machines),
            Machines.planKind(fly: client, database: database, keyRing: needs.keyRing, settings: machines),
            FlySurvey(client: client, database: database, settings: survey(settings), logger: logger).jobKind,
        ]
    }

    /// Of all workers of this process.
    func counters() -> Counters {
        droplets.workers.reduce(worker.counters()) { $0.adding($1.worker.counters()) }
    }

    /// Called last, when no service uses them any more.
    func close() async {
        await outbound.close()
        await database.close()
    }

    private static func backups(_ settings: Settings) -> BackupSettings {
        var backups = BackupSettings(directory: settings.backups.directory)
        backups.keepDays = settings.backups.keepDays
        backups.intervalHours = settings.backups.intervalHours
        return backups
    }

    private static func survey(_ settings: Settings) -> SurveySettings {
        var survey = SurveySettings()
        survey.interval = .seconds(settings.fly.surveySeconds)
        survey.checkupsPerSurvey = settings.fly.checkupsPerSurvey
        survey.sweepsOrphans = settings.fly.sweepOrphans
        survey.orphanGrace = .seconds(settings.fly.orphanGraceSeconds)
        return survey
    }

    private static func worker(_ settings: Settings, _ needs: DaemonNeeds) -> WorkerSettings {
        var worker = WorkerSettings(name: "\(HostName.current):\(getpid())", version: Version.current)
        worker.listens = settings.database.pooler == .none
        worker.grace = .seconds(settings.worker.graceSeconds)
        worker.argumentSeal = needs.keyRing.argumentSeal
        return worker
    }
}
