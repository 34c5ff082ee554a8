import FoundationEssentials

/// What a key's rows ask for now, and what is too old. Pure.
struct BackupDecision: Sendable {
    enum Step: Sendable, Equatable {
        case restore(RestoreWish)
        /// - Parameter isWished: by a person, or begun before: not only by the schedule.
        case backUp(isWished: Bool)
        case rest
    }

    let rows: BackupRows
    let settings: BackupSettings
    /// A small part earlier is on time: whole fleets must not keep in step.
    static let earliest = 0.9

    init(_ rows: BackupRows, _ settings: BackupSettings) {
        self.rows = rows
        self.settings = settings
    }

    var step: Step {
        if let wish = rows.wish { return .restore(wish) }
        guard let object = rows.object, !object.isDeleted else { return .rest }
        if rows.records.contains(where: \.isOpen) { return .backUp(isWished: true) }
        return isDue ? .backUp(isWished: false) : .rest
    }

    var newest: BackupRecord? { rows.records.filter { $0.state == "good" }.max { $0.startedAt < $1.startedAt } }

    var isDue: Bool {
        guard let newest else { return true }
        return elapsed(newest) >= settings.interval / .seconds(1) * Self.earliest
    }

    /// - Parameter unit: randomness, 0..<1.
    func next(unit: Double) -> Duration? {
        guard let object = rows.object, !object.isDeleted else {
            // Whose object is gone has only its age to wait for.
            return rows.records.isEmpty ? nil : .seconds(86_400)
        }
        guard let newest else { return .seconds(300) }
        let wait = settings.interval / .seconds(1) * (Self.earliest + (1 - Self.earliest) * unit)
        return .seconds(max(60, wait - elapsed(newest)))
    }

    /// Good ones past their time, but for the newest of an object that exists; of failed ones a few stay to be read.
    var expired: [BackupRecord] {
        let oldest = rows.now.addingTimeInterval(-Double(settings.keepDays) * 86_400)
        let exists = rows.object != nil
        let failed = rows.records.filter { $0.state == "failed" }.sorted { $0.id > $1.id }.prefix(Self.failuresKept)
        return rows.records.filter { record in
            guard !record.isOpen, !rows.needed.contains(record.id) else { return false }
            if record.state == "failed", !failed.contains(record) { return true }
            return record.startedAt < oldest && !(exists && record == newest)
        }
    }

    static let failuresKept = 5

    private func elapsed(_ record: BackupRecord) -> Double { rows.now.timeIntervalSince(record.startedAt) }
}
