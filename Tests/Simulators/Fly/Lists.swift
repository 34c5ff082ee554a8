extension FlyWorld {
    func getMachine(_ request: FlyRequest) throws -> FlyReply { .json(200, text(try machine(request))) }

    mutating func listMachines(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        apps[app.name]?.lists += 1
        guard case .json(let status, let body) = try filteredMachines(request, app) else { return .json(200, "[]") }
        return .json(status, body)
    }

    private func filteredMachines(_ request: FlyRequest, _ app: FlyApp) throws -> FlyReply {
        if request.view == .empty || request.view == .emptyPage { return .json(200, "[]") }
        let filter = MachineFilter(request.query)
        let shown = app.machineIDs.compactMap { id in machines[id].flatMap { seen($0, app, request.view) } }
            .filter { filter.accepts($0) }
        let summary = request.flag("summary")
        return .json(200, "[\(shown.map { text($0, summary: summary) }.joined(separator: ","))]")
    }

    /// The machine as a list that is behind shows it; `nil` when it doesn't know it yet.
    func seen(_ machine: FlyMachine, _ app: FlyApp, _ view: ListView) -> FlyMachine? {
        if app.lists < machine.createdAtList + options.listLagCount { return nil }
        var lag = options.listLag
        if case .behind(let more) = view { lag = max(lag, more) }
        guard lag > .zero, machine.updatedAt > now - lag else { return machine }
        guard machine.createdAt <= now - lag else { return nil }
        let history = past[machine.id] ?? []
        return history.last { $0.updatedAt <= now - lag } ?? history.first
    }

    mutating func listVolumes(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        apps[app.name]?.lists += 1
        if request.view == .empty || request.view == .emptyPage { return .json(200, "[]") }
        var lag = options.listLag
        if case .behind(let more) = request.view { lag = max(lag, more) }
        let shown = app.volumeIDs.compactMap { volumes[$0] }.filter {
            !isGone($0) && $0.createdAt <= now - lag && app.lists >= $0.createdAtList + options.listLagCount
        }
        return .json(200, "[\(shown.map { text($0) }.joined(separator: ","))]")
    }

    func listEvents(_ request: FlyRequest) throws -> FlyReply {
        let limit = min(50, max(1, request.query["limit"].flatMap { Int($0) } ?? 20))
        let events = try machine(request).events.prefix(limit)
        return .json(200, "[\(events.map(eventText).joined(separator: ","))]")
    }

    func listVersions(_ request: FlyRequest) throws -> FlyReply {
        let versions = try machine(request).versions.reversed()
        let texts = versions.map { "{\"version\":\"\($0.id)\",\"user_config\":\($0.configText)}" }
        return .json(200, "[\(texts.joined(separator: ","))]")
    }

    func listProcesses(_ request: FlyRequest) throws -> FlyReply {
        guard try machine(request).state == .started else { return .json(200, "[]") }
        return .json(
            200,
            """
            [{"pid":640,"stime":1,"rtime":10,"command":"node openclaw.mjs gateway","directory":"/","cpu":1,\
            "rss":104857600,"listen_sockets":[]}]
            """)
    }
}

/// The filters of machine lists.
struct MachineFilter {
    private var showsDeleted: Bool
    private var regions: [Substring]
    private var states: [Substring]
    private var metadata: [String: String]

    init(_ query: [String: String]) {
        showsDeleted = ["true", "1"].contains(query["include_deleted"])
        regions = query["region"]?.split(separator: ",") ?? []
        states = query["state"]?.split(separator: ",") ?? []
        metadata = query.filter { $0.key.hasPrefix("metadata.") }
    }

    func accepts(_ machine: FlyMachine) -> Bool {
        guard showsDeleted || machine.state != .destroyed else { return false }
        guard regions.isEmpty || regions.contains(Substring(machine.region)) else { return false }
        guard states.isEmpty || states.contains(Substring(machine.state.rawValue)) else { return false }
        return metadata.allSatisfy { name, value in
            machine.config["metadata"]?[String(name.dropFirst("metadata.".count))]?.string == value
        }
    }
}
