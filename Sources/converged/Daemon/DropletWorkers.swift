import Logging
import Operator
import Outbound
import Postgres
import Queue
import Reconcilers
import Synchronization
import Vendors

/// A worker and a watcher for each droplet that this process serves, so that one that hangs takes nobody else's places.
/// Rows decide, so new droplets are taken up and vanished ones left without a restart.
final class DropletWorkers: Sendable {
    struct Limits: Sendable {
        /// The back-stop for lost hints.
        var interval = Duration.seconds(30)
        var survey = DropletSettings()
    }

    /// One droplet that is served, until its task ends.
    private struct Served: Sendable {
        /// As it was when its worker was made; another one needs another worker.
        let place: [String]
        let worker: Worker
        let task: Task<Void, Never>
    }

    private let database: Database
    private let outbound: Outbound
    private let identity: TLSIdentity?
    private let registries: DockerRegistries
    private let names: [String]?
    private let host: String
    private let limits: Limits
    private let worker: WorkerSettings
    private let listens: Bool
    private let kinds: @Sendable (ServedDroplet) -> [JobKind]
    private let logger: Logger
    private let served = Mutex<[String: Served]>([:])
    private let told = Mutex<[Serving.Refusal]>([])

    /// - Parameters:
    ///   - names: the setting; nil: not set.
    ///   - host: what `droplets.served_by` calls this host.
    ///   - worker: for each of them; the droplet's name is added to its name.
    ///   - kinds: what is done on a droplet besides its survey.
    init(
        database: Database, outbound: Outbound, identity: TLSIdentity?, registries: DockerRegistries,
        names: [String]?, host: String, limits: Limits, worker: WorkerSettings, logger: Logger,
        kinds: @escaping @Sendable (ServedDroplet) -> [JobKind]
    ) {
        self.database = database
        self.outbound = outbound
        self.identity = identity
        self.registries = registries
        self.names = names
        self.host = host
        self.limits = limits
        self.worker = worker
        listens = worker.listens
        self.kinds = kinds
        self.logger = logger
    }

    /// Those of the droplets that are served now, by name.
    var workers: [(droplet: String, worker: Worker)] {
        served.withLock { $0.map { ($0.key, $0.value.worker) } }.sorted { $0.0 < $1.0 }
    }

    /// Until it is cancelled; then every worker stops softly, and this returns when the last one has.
    func run() async {
        let (hints, hint) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        hint.yield()
        await withDiscardingTaskGroup { group in
            if listens { group.addTask { await self.listen { hint.yield() } } }
            group.addTask {
                repeat { hint.yield() } while (try? await Task.sleep(for: self.limits.interval)) != nil
            }
            for await _ in hints {
                await reread { hint.yield() }
            }
            for (_, served) in self.served.withLock({ $0 }) { served.task.cancel() }
            for (_, served) in self.served.withLock({ $0 }) { await served.task.value }
            group.cancelAll()
        }
    }

    /// One connection hears for all of them.
    private func listen(_ hint: () -> Void) async {
        for await notice in database.listen(Worker.channels + ["converged_droplets"]) {
            switch notice {
            case .notification("converged_droplets", _): hint()
            case .connected:
                hint()
                for (_, worker) in workers { await worker.hint(notice) }
            default: for (_, worker) in workers { await worker.hint(notice) }
            }
        }
    }

    private func reread(_ hint: @escaping @Sendable () -> Void) async {
        do {
            let rows = try await DropletRow.readAll(database)
            let serving = Serving.decide(rows, named: names, host: host, hasIdentity: identity != nil)
            await tell(serving)
            for (name, present) in served.withLock({ $0 })
            where !serving.served.contains(where: { $0.name == name && $0.place == present.place }) {
                present.task.cancel()
            }
            for row in serving.served where served.withLock({ $0[row.name] == nil }) { serve(row, hint) }
        } catch is CancellationError {
            return
        } catch {
            logger.debug("the droplets cannot be read now: \(error)")
        }
    }

    private func serve(_ row: DropletRow, _ hint: @escaping @Sendable () -> Void) {
        guard let droplet = ServedDroplet(row, outbound, identity: identity, registries: registries) else {
            logger.error(
                "droplet \(row.name): '\(row.endpoint)' is no place to find Docker at; correct droplets.endpoint")
            return
        }
        let work = DropletWork(droplet, database: database, settings: limits.survey, logger: logger)
        var settings = worker
        settings.name += "/\(row.name)"
        settings.listens = false
        let worker = Worker(
            database: database, kinds: work.jobKinds(and: kinds(droplet)), settings: settings, logger: logger)
        let logger = logger
        served.withLock { served in
            let task = Task { [self] in
                logger.notice("serving droplet \(row.name) at \(droplet.docker.endpoint)")
                await withDiscardingTaskGroup { group in
                    group.addTask { await work.watch() }
                    do { try await worker.run() } catch is CancellationError {} catch {
                        logger.error("the worker of droplet \(row.name) ended: \(error)")
                    }
                    group.cancelAll()
                }
                logger.notice("droplet \(row.name) is not served any more")
                self.served.withLock { $0[row.name] = nil }
                hint()
            }
            served[row.name] = Served(place: row.place, worker: worker, task: task)
        }
    }

    /// Once each time that it changes, and in the droplet's conditions.
    private func tell(_ serving: Serving) async {
        let news = told.withLock { told in
            defer { told = serving.refused }
            return serving.refused.filter { !told.contains($0) }
        }
        for refusal in news {
            logger.error("droplet \(refusal.name) is not served: \(refusal.why)")
        }
        for refusal in serving.refused {
            do {
                try await database.query(refusal.condition)
            } catch {
                logger.debug("droplet \(refusal.name): \(error)")
            }
        }
    }
}
