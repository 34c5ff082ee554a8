import FoundationEssentials
import Postgres

/// The rows of one container's checklist, read at one moment.
struct ChecklistRows: Sendable {
    var steps: [ChecklistStep]
    /// By step.
    var runs: [String: ChecklistRun]
    /// Database time of the read.
    var now: Date
    /// The gateway's, as the row holds it.
    var sealedToken: String?

    static func read(_ container: String, of subject: ChecklistSubject, from database: Database) async throws -> Self {
        let rows = try await database.query(
            """
            select converged.now() as time, s.name, s.checklist, s.kind, s.argv, s.check_argv, s.run_as, s.path, s.content,
                s.owner_uid, s.owner_gid, s.mode, s.http_status, s.method, s.with_token, s.timeout_s, s.retries,
                s.retry_after_s, r.input_hash, r.state, r.attempts, r.exec_id, r.exit_code, r.output_tail, r.fault,
                r.started_at, r.attempt_at, r.next_at, r.checked_at, r.finished_at,
                (select p.gateway_token from converged.pas p where p.id = \(subject.id)) as token
            from converged.checklist_steps s
                left join converged.checklist_runs r on r.container_id = \(container) and r.step = s.name
            where s.checklist = converged.checklist_for(\(subject.image))
            order by s.place
            """)
        var runs: [String: ChecklistRun] = [:]
        let steps = try rows.map { row in
            let step = try ChecklistStep(row, for: subject)
            runs[step.name] = try ChecklistRun(row)
            return step
        }
        return ChecklistRows(
            steps: steps, runs: runs, now: try rows.first?.decode("time") ?? Date(),
            sealedToken: try rows.first?.decode("token"))
    }

    /// For the transaction of whoever removed containers: runs of all but these go.
    static func forget(_ pa: UUID, except containers: [String]) -> SQL {
        "delete from converged.checklist_runs where pa = \(pa) and container_id <> all (\(containers)::text[])"
    }
}

extension ChecklistStep {
    fileprivate init(_ row: Row, for subject: ChecklistSubject) throws {
        name = try row.decode("name")
        checklist = try row.decode("checklist")
        timeoutSeconds = try row.decode("timeout_s")
        retries = try row.decode("retries")
        retryAfterSeconds = try row.decode("retry_after_s")
        let path = subject.fill(try row.decode("path", as: String?.self) ?? "")
        let content: String? = try row.decode("content")
        switch try row.decode("kind", as: String.self) {
        case "exec":
            let check: [String]? = try row.decode("check_argv")
            work = .exec(
                argv: try row.decode("argv", as: [String].self).map(subject.fill), check: check?.map(subject.fill),
                user: try row.decode("run_as") ?? "0")
        case "file":
            let mode: String = try row.decode("mode")
            work = .file(
                WantedFile(
                    path: path, content: subject.fill(content ?? ""), userID: try row.decode("owner_uid"),
                    groupID: try row.decode("owner_gid"), mode: Int(mode, radix: 8) ?? 0o600))
        default:
            work = .http(
                method: try row.decode("method") ?? "GET", path: path, body: content.map(subject.fill),
                withToken: try row.decode("with_token"), status: try row.decode("http_status"))
        }
    }
}

extension ChecklistRun {
    /// Nil when there is none yet.
    fileprivate init?(_ row: Row) throws {
        guard let hash: String = try row.decode("input_hash") else { return nil }
        self.init(inputHash: hash, startedAt: try row.decode("started_at"))
        state = State(rawValue: try row.decode("state")) ?? .running
        attempts = try row.decode("attempts")
        execID = try row.decode("exec_id")
        exitCode = try row.decode("exit_code")
        outputTail = try row.decode("output_tail")
        fault = try row.decode("fault")
        attemptAt = try row.decode("attempt_at")
        nextAt = try row.decode("next_at")
        checkedAt = try row.decode("checked_at")
        finishedAt = try row.decode("finished_at")
    }

    func write(_ step: ChecklistStep, in container: String, of subject: ChecklistSubject) -> SQL {
        """
        insert into converged.checklist_runs (container_id, step, pa, checklist, input_hash, state, attempts, exec_id,
            exit_code, output_tail, fault, started_at, attempt_at, next_at, checked_at, finished_at)
        values (\(container), \(step.name), \(subject.id), \(step.checklist), \(inputHash), \(state.rawValue), \(attempts),
            \(execID), \(exitCode), \(outputTail), \(fault), \(startedAt), \(attemptAt), \(nextAt), \(checkedAt), \(finishedAt))
        on conflict (container_id, step) do update set (pa, checklist, input_hash, state, attempts, exec_id, exit_code,
            output_tail, fault, started_at, attempt_at, next_at, checked_at, finished_at)
            = (excluded.pa, excluded.checklist, excluded.input_hash, excluded.state, excluded.attempts, excluded.exec_id,
            excluded.exit_code, excluded.output_tail, excluded.fault, excluded.started_at, excluded.attempt_at,
            excluded.next_at, excluded.checked_at, excluded.finished_at)
        """
    }
}
