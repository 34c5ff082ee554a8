import Foundation

/// Pages over everything of the organisation: eventually consistent, in the order of the last change.
extension FlyWorld {
    mutating func listOrgMachines(_ request: FlyRequest) throws -> FlyReply {
        try requireOrg(request)
        machineFeed.settle(now: now, lists: listsBefore(request))
        let filter = MachineFilter(request.query)
        let brief = request.flag("summary")
        let broken = errorRegions
        if case .behind(let lag) = request.view { return oldMachines(lag: lag, filter, brief) }
        let page = try page(
            request, entries: machineFeed.entries,
            start: { try FeedStart(request.query, $0).place(in: $0.machineFeed) },
            accepts: { filter.accepts($0) && !broken.contains($0.region) })
        let texts = page.places.map { place in
            machineFeed.text(at: place, brief: brief) { [clock] in $0.overview(clock, brief: brief) }
        }
        let errors = broken.sorted().map { "\"\($0)\"" }.joined(separator: ",")
        var body = "{\"machines\":[\(texts.joined(separator: ","))],\"error_regions\":[\(errors)]"
        if let last = page.last {
            body += ",\"last_machine_id\":\"\(last.item.id)\",\"last_updated_at\":\"\(text(last.updatedAt))\""
        }
        return .json(200, body + cursor(page.next) + "}")
    }

    mutating func listOrgVolumes(_ request: FlyRequest) throws -> FlyReply {
        try requireOrg(request)
        volumeFeed.settle(now: now, lists: listsBefore(request))
        let page = try page(
            request, entries: volumeFeed.entries,
            start: { try FeedStart(request.query, $0).place(in: $0.volumeFeed) }, accepts: { !isGone($0) })
        // The state of a volume follows the time, so its text isn't kept.
        let texts = page.places.compactMap { volumeFeed.entries[$0] }.map { text($0.item, inOrg: true) }
        var body = "{\"volumes\":[\(texts.joined(separator: ","))]"
        if let last = page.last {
            body += ",\"last_volume_id\":\"\(last.item.id)\",\"last_updated_at\":\"\(text(last.updatedAt))\""
        }
        return .json(200, body + cursor(page.next) + "}")
    }

    private mutating func requireOrg(_ request: FlyRequest) throws {
        guard request.org == options.org else {
            throw options.foreignOrgs.contains(request.org) ? Refusal.foreignApp : Refusal.noOrg
        }
        if request.query["cursor"] == nil { orgLists += 1 }
    }

    /// Lists that were complete or begun before this call.
    private func listsBefore(_ request: FlyRequest) -> Int {
        request.query["cursor"] == nil ? orgLists - 1 : orgLists
    }

    private struct Page<Item: Sendable> {
        var places: [Int] = []
        var last: Feed<Item>.Entry?
        /// Serial to go on after; `nil` on the last page.
        var next: Int?
    }

    private func page<Item>(
        _ request: FlyRequest, entries: [Feed<Item>.Entry?], start: (FlyWorld) throws -> Int,
        accepts: (Item) -> Bool
    ) throws -> Page<Item> {
        var page = Page<Item>()
        if request.view == .empty { return page }
        let first = try start(self)
        let asked = request.query["limit"].flatMap { Int($0) } ?? 1000
        guard (1...1000).contains(asked) else { throw Refusal.invalid("limit must be from 1 to 1000") }
        let limit = request.view == .emptyPage ? 0 : min(asked, options.orgPageSize)
        var passed = request.query["cursor"].flatMap { FeedStart.serial(of: $0) } ?? 0
        if passed == 0, first > 0, let before = entries[..<first].last(where: { $0 != nil }) ?? nil {
            passed = before.serial
        }
        for place in first..<max(first, entries.count) {
            guard let entry = entries[place], accepts(entry.item) else { continue }
            if page.places.count >= limit {
                page.next = page.last?.serial ?? passed
                return page
            }
            page.places.append(place)
            page.last = entry
        }
        return page
    }

    private func cursor(_ serial: Int?) -> String { serial.map { ",\"next_cursor\":\"c\($0)\"" } ?? "" }

    /// The whole list as it was a while ago; only a fault asks for it.
    private func oldMachines(lag: Duration, _ filter: MachineFilter, _ brief: Bool) -> FlyReply {
        let shown = apps.values.filter { $0.org == options.org }.flatMap { app in
            app.machineIDs.compactMap { id in machines[id].flatMap { seen($0, app, .behind(lag)) } }
        }.filter { filter.accepts($0) }.sorted { $0.updatedAt < $1.updatedAt }
        let texts = shown.map { $0.overview(clock, brief: brief) }
        return .json(200, "{\"machines\":[\(texts.joined(separator: ","))],\"error_regions\":[]}")
    }
}

/// Where a page begins: the cursor counts before `updated_after`.
private struct FeedStart {
    private var after: Int?
    private var time: Duration?

    init(_ query: [String: String], _ world: FlyWorld) throws {
        if let cursor = query["cursor"], !cursor.isEmpty {
            guard let serial = Self.serial(of: cursor) else { throw Refusal.invalid("cursor is invalid") }
            after = serial
        } else if let text = query["updated_after"] {
            guard let date = Timestamp.date(text) else { throw Refusal.invalid("updated_after is not RFC 3339") }
            time = .milliseconds(Int((date.timeIntervalSince(world.clock.start) * 1000).rounded()))
        }
    }

    func place<Item>(in feed: Feed<Item>) -> Int {
        if let after { return feed.place(after: after) }
        return time.map { feed.place(updatedAfter: $0) } ?? 0
    }

    static func serial(of cursor: String) -> Int? { cursor.first == "c" ? Int(cursor.dropFirst()) : nil }
}
