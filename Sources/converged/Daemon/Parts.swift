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
    let token: RenewableToken
    let worker: Worker

    init(_ settings: Settings, _ needs: DaemonNeeds, logger: Logger) {
        self.settings = settings
        let token = RenewableToken(needs.flyToken)
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
        let fly = FlyClient(
            outbound: outbound, settings: FlySettings(url: settings.fly.url, org: needs.org, token: { token.current }))
        var machines = MachineSettings()
        machines.concurrency = settings.worker.concurrency
        self.database = database
        self.outbound = outbound
        self.token = token
        worker = Worker(
            database: database,
            kinds: [
                Machines.jobKind(fly: fly, database: database, keyRing: needs.keyRing, settings: machines),
                Machines.planKind(fly: fly, database: database, keyRing: needs.keyRing, settings: machines),
                FlySurvey(client: fly, database: database, settings: Self.survey(settings), logger: logger).jobKind,
            ],
            settings: Self.worker(settings, needs), logger: logger)
    }

    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Called last, when no service uses them any more.
    func close() async {
        await outbound.close()
        await database.close()
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
        var worker = WorkerSettings(name: "\(hostName):\(getpid())", version: Version.current)
        worker.listens = settings.database.pooler == .none
        worker.grace = .seconds(settings.worker.graceSeconds)
        worker.argumentSeal = needs.keyRing.argumentSeal
        return worker
    }
}
