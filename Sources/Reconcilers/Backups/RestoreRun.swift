import Postgres
import Queue
import Vendors

/// Puts a back-up back, step by step; each step can be done again, and the next one is stored before it begins, so that
/// a run goes on where another one ended. What was there is backed up first, and put back when a step fails for good.
struct RestoreRun: Sendable {
    let wish: RestoreWish
    let rows: BackupRows
    let maker: BackupMaker
    let docker: DockerClient
    let lease: Lease

    enum Step: String, Sendable {
        /// The file is there, a whole, and what was written then.
        case check
        /// Nobody else touches the container.
        case hold
        case stop
        /// What is there now.
        case save
        // Of an archive.
        case unpack
        case aside
        /// From here on only forwards.
        case moveIn = "in"
        case clear
        case start
        /// Of a dump.
        case load
    }

    private static let mostAttempts = 5

    func run() async throws -> Verdict {
        guard let object = rows.object, !object.isDeleted, let source = rows.source, let file = source.file,
            source.format == object.format
        else { return RestoreReport(wish, rows).failed("the object or the back-up is gone") }
        var wish = wish
        while let step = Step(rawValue: wish.step) {
            do {
                guard let next = try await take(step, &wish, object, source, maker.directory + "/" + file) else {
                    return Verdict(.again(after: .seconds(1)))
                }
                if next == .check { return RestoreReport(wish, rows).done() }
                wish.step = next.rawValue
                try await lease.write([
                    """
                    update converged.restores set state = 'running', step = \(wish.step), ran = \(wish.ran)
                    where id = \(wish.id)
                    """
                ])
            } catch let error
                where error is DockerError || error is BackupFault || error is Disk.Failure
                || error is BackupTrouble
            {
                return try await fail(error, at: step, wish, object)
            }
        }
        return RestoreReport(wish, rows).failed("no such step: \(wish.step)")
    }

    /// - Returns: the next step, `check` when all is done; nil to look again a little later.
    private func take(
        _ step: Step, _ wish: inout RestoreWish, _ object: BackupObject, _ source: BackupRecord, _ path: String
    ) async throws -> Step? {
        switch step {
        case .check:
            guard try await Disk.exists(path) else {
                throw BackupFault("\(path) is not on this host: back-ups are where the daemon of their droplet runs")
            }
            guard try await BackupReading(path: path).content(source.format) == source.content else {
                throw BackupFault("\(path) is not what was written then: its checksum differs")
            }
            _ = try await docker.inspectContainer(object.container)
            return object.format == .tar ? .hold : .save
        case .hold:
            let isBusy: Bool = try await lease.write(["select converged.hold_for_restore(\(wish.id))"])[0].scalar()
            if isBusy { return nil }
            wish.ran = try await docker.inspectContainer(object.container).state.isRunning
            return .stop
        case .stop:
            try await docker.stopContainer(object.container, graceSeconds: 30)
            return .save
        case .save:
            let (_, done) = try await maker.make(object, rows, lease)
            try await lease.write([done])
            return object.format == .tar ? .unpack : .load
        case .unpack:
            let tar = TarContent(BackupReading(path: path), length: Int(source.content?.bytes ?? 0))
            try await mover(object).unpack(tar, timeout: maker.settings.deadline)
            return .aside
        case .aside:
            try await mover(object).moveAside()
            return .moveIn
        case .moveIn:
            try await mover(object).moveIn(try await top(of: path))
            return .clear
        case .clear:
            if object.format == .tar {
                try await mover(object).clear()
            } else {
                try await maker.tool(object).clear()
            }
            return .start
        case .start:
            if wish.ran == true { try await docker.startContainer(object.container) }
            return .check
        case .load:
            guard let content = source.content else { throw BackupFault("\(path) was never a good back-up") }
            try await maker.tool(object).load(path, content, into: object)
            return .clear
        }
    }

    private func mover(_ object: BackupObject) async throws -> DataMover {
        try DataMover(
            docker: docker, container: try await docker.inspectContainer(object.container), restore: wish.id)
    }

    /// The folder that the archive has everything in.
    private func top(of path: String) async throws -> String {
        guard let top = try await BackupReading(path: path).first(TarCensus(), \.top) else {
            throw BackupFault("\(path) is empty")
        }
        return top
    }

    /// Trouble that may pass is tried again; the rest is undone.
    private func fail(
        _ error: any Error, at step: Step, _ wish: RestoreWish, _ object: BackupObject
    ) async throws -> Verdict {
        let report = RestoreReport(wish, rows)
        let mayPass = (error as? DockerError)?.mayPass ?? (error as? BackupTrouble)?.mayPass ?? false
        let isForwards = [.moveIn, .clear, .start].contains(step)
        if isForwards || (mayPass && lease.attempt < Self.mostAttempts) { return report.retry("\(error)") }
        do {
            switch step {
            // Nothing was moved yet. A container that has no such directory any more, has nothing of ours in it.
            case .unpack: do { try await mover(object).clear() } catch is BackupFault {}
            // One that does not run keeps the file, until the next one takes it along.
            case .load:
                do { try await maker.tool(object).clear() } catch is BackupFault {} catch let error as DockerError
                    where error.kind == .notRunning || error.kind == .notFound
                {}
            case .aside: try await mover(object).moveBack()
            default: break
            }
            if wish.ran == true, step != .hold { try await docker.startContainer(object.container) }
        } catch let second as DockerError {
            return report.retry("\(error); and what was there cannot be put back yet: \(second)")
        } catch let second as BackupFault {
            return report.retry("\(error); and what was there cannot be put back yet: \(second)")
        }
        return report.failed("\(error)", backup: (error as? BackupTrouble)?.id)
    }
}
