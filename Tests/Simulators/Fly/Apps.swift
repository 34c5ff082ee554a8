extension FlyWorld {
    mutating func createApp(_ request: FlyRequest) throws -> FlyReply {
        // The documents say app_name, the official client sends name: both are read.
        let name = request.body["app_name"]?.string ?? request.body["name"]?.string ?? ""
        let allowed = name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
        guard !name.isEmpty, name.count < 63, allowed, name.first != "-", name.last != "-" else {
            throw Refusal.badAppName
        }
        guard let org = request.body["org_slug"]?.string, org == options.org else { throw Refusal.noOrg }
        if let known = apps[name], known.deletedAt == nil { throw Refusal.appNameTaken }
        let app = addApp(name, org: org, network: request.body["network"]?.string, readyAt: now + options.appReadyDelay)
        return .json(201, "{\"id\":\"\(app.id)\",\"created_at\":\(unixMilliseconds(now))}")
    }

    mutating func addApp(_ name: String, org: String, network: String?, readyAt: Duration) -> FlyApp {
        appCount += 1
        let app = FlyApp(
            name: name, id: randomness.base36(16), number: 1000 + appCount, org: org, network: network ?? "default",
            createdAt: now, readyAt: readyAt)
        apps[name] = app
        return app
    }

    func getApp(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        let (machines, volumes) = counts(app)
        let body: JSON = [
            "id": .string(app.id), "name": .string(app.name), "network": .string(app.network),
            "status": machines > 0 ? "deployed" : "pending", "machine_count": .int(machines),
            "volume_count": .int(volumes), "internal_numeric_id": .int(app.number),
            "organization": ["name": .string(app.org), "slug": .string(app.org), "internal_numeric_id": 7],
        ]
        return .json(200, body.description)
    }

    func listApps(_ request: FlyRequest) throws -> FlyReply {
        guard let org = request.query["org_slug"] else { throw Refusal.invalid("org_slug is required") }
        guard org == options.org else { throw options.foreignOrgs.contains(org) ? Refusal.foreignApp : Refusal.noOrg }
        var shown = apps.values.filter { $0.org == org && $0.deletedAt == nil }.sorted { $0.number < $1.number }
        switch request.view {
        case .current: break
        case .empty, .emptyPage: shown = []
        case .behind(let lag): shown = shown.filter { $0.createdAt <= now - lag }
        }
        if options.listLag > .zero { shown = shown.filter { $0.createdAt + options.listLag <= now } }
        let texts = shown.map { app in
            let (machines, volumes) = counts(app)
            return "{\"id\":\"\(app.id)\",\"name\":\"\(app.name)\",\"machine_count\":\(machines)"
                + ",\"volume_count\":\(volumes),\"network\":\(JSON.quoted(app.network))}"
        }
        return .json(200, "{\"total_apps\":\(texts.count),\"apps\":[\(texts.joined(separator: ","))]}")
    }

    mutating func deleteApp(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        let running = app.machineIDs.contains { machines[$0].map { $0.isLive && $0.state == .started } ?? false }
        // The dashboard's own delete stops machines only when forced.
        if running, !request.flag("force") { throw Refusal.appHasMachines }
        removeApp(app.name)
        return .nothing(202)
    }

    /// Everything in it goes with it.
    mutating func removeApp(_ name: String) {
        guard let app = apps[name] else { return }
        for id in app.machineIDs where machines[id]?.isLive ?? false {
            change(id) { machine, world in
                world.plan(&machine, [])
                world.enter(.destroyed, &machine, event: "destroy", source: "user")
            }
        }
        for id in app.volumeIDs {
            guard var volume = volumes[id], volume.deletedAt == nil else { continue }
            volume.deletedAt = now
            volume.attachedTo = nil
            change(volume)
        }
        apps[name]?.deletedAt = now
        apps[name]?.addresses = []
    }

    private func counts(_ app: FlyApp) -> (machines: Int, volumes: Int) {
        (
            app.machineIDs.count { machines[$0]?.isLive ?? false },
            app.volumeIDs.count { volumes[$0].map { $0.deletedAt == nil } ?? false }
        )
    }
}
