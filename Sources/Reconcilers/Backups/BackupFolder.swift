import FoundationEssentials
import Postgres

/// The files of one object: `<directory>/<droplet>/<name>.<id>/<time>-<number>.<ending>`.
struct BackupFolder: Sendable {
    let directory: String
    let droplet: String
    let rows: BackupRows

    func path(_ file: String) -> String { directory + "/" + file }

    /// Makes rows and files agree: a row whose file is gone says so, a file that no row knows gets one when it is a whole,
    /// and what was never finished goes. Rows stay when the directory itself cannot be seen.
    func heal() async throws -> [SQL] {
        guard try await Disk.exists(directory) else {
            throw Disk.Failure(path: directory, action: "find", code: 2)
        }
        var writes: [SQL] = []
        var folders: Set<String> = []
        for record in rows.records {
            guard let file = record.file else { continue }
            folders.insert(String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]))
            if record.state == "good", try await !Disk.exists(path(file)) {
                writes.append(
                    """
                    update converged.backups set state = 'lost', error = \("\(path(file)) is gone") where id = \(record.id)
                    """)
            }
        }
        if let object = rows.object { folders.insert(name(object)) }
        let known = Set(rows.records.compactMap(\.file))
        for folder in folders.sorted() {
            for name in try await Disk.list(path(folder)) where !known.contains("\(folder)/\(name)") {
                if let write = try await adopt("\(folder)/\(name)", name, known) { writes.append(write) }
            }
        }
        return writes
    }

    func name(_ object: BackupObject) -> String { "\(droplet)/\(object.container).\(rows.id)" }

    private func adopt(_ file: String, _ name: String, _ known: Set<String>) async throws -> SQL? {
        if name.hasSuffix(BackupDraft.suffix) {
            try await Disk.remove(path(file))
            return nil
        }
        guard let object = rows.object, let time = Self.time(name, object.format) else { return nil }
        let content: BackupContent
        do {
            content = try await BackupReading(path: path(file)).content(object.format)
        } catch is BackupFault {
            try await Disk.remove(path(file))
            return nil
        }
        return """
            insert into converged.backups (kind, key, name, droplet, format, state, requested_by, started_at, finished_at,
                file, bytes, sha256, entries)
            select \(rows.kind), \(rows.key), \(object.name), \(droplet), \(object.format.rawValue), 'good', 'found',
                at, converged.now(), \(file), \(content.bytes), \(content.sha256), \(content.entries)
            from to_timestamp(\(time)::text || '+00', 'YYYYMMDD"T"HH24MISS"Z"TZH') at
            """
    }

    /// `20261121T140000Z`, of a name that we give.
    private static func time(_ name: String, _ format: BackupFormat) -> String? {
        let parts = name.split(separator: "-")
        guard parts.count == 2, parts[1].hasSuffix(".\(format.fileEnding)"), parts[0].utf8.count == 16,
            parts[0].hasSuffix("Z"), parts[0].filter(\.isNumber).count == 14
        else { return nil }
        return String(parts[0])
    }

    /// Files first: a row without a file is noticed, a file without a row was nobody's.
    func remove(_ records: [BackupRecord]) async throws -> [SQL] {
        for record in records {
            if let file = record.file { try await Disk.remove(path(file)) }
        }
        return records.isEmpty ? [] : ["delete from converged.backups where id = any (\(records.map(\.id))::bigint[])"]
    }
}
