import Logging

/// One finished key is one log line.
extension Worker {
    func tell(_ finish: Finish, _ answer: Finish.Answer?) {
        switch answer {
        case .lost:
            if !finish.isUncertain { tellLoss(finish.lease) }
        case .dead:
            var metadata = metadata(finish)
            metadata["message-id"] = "job-dead"
            logger.error(
                "\(finish.lease.name) is dead after \(finish.lease.attempt + 1) attempts: \(finish.message ?? "")",
                metadata: metadata)
        case .due, nil:
            let level = level(finish)
            guard level >= logger.logLevel else { return }
            let what = "\(finish.lease.name) \(finish.ending.rawValue)"
            let text = finish.message.map { "\(what): \($0)" } ?? what
            logger.log(level: level, "\(text)", metadata: metadata(finish))
        }
    }

    /// A resync that found nothing to do is no news.
    private func level(_ finish: Finish) -> Logger.Level {
        switch finish.ending {
        case .retry, .blocked: .warning
        case .cancelled, .returned, .dead: .notice
        case .settled, .again: finish.log.isEmpty ? .debug : .info
        }
    }

    func tellLoss(_ lease: Lease) {
        logger.warning(
            "the lease of \(lease.name) was lost, its result is void",
            metadata: [
                "message-id": "lease-lost", "kind": "\(lease.kind)", "key": "\(lease.key ?? "")", "job": "\(lease.job)",
                "fence": "\(lease.fence)",
            ])
    }

    func metadata(_ finish: Finish) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "kind": "\(finish.lease.kind)", "job": "\(finish.lease.job)", "attempt": "\(finish.lease.attempt + 1)",
            "outcome": "\(finish.ending.rawValue)",
            "milliseconds": "\(Int(finish.startedAt.duration(to: .now).inMilliseconds))",
        ]
        if let key = finish.lease.key { metadata["key"] = "\(key)" }
        for (name, value) in finish.log { metadata[name] = "\(value)" }
        return metadata
    }
}
