struct FlySecret: Sendable {
    var value: String
    var createdAt: Duration
    var updatedAt: Duration

    var digest: String {
        let hash = value.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}

extension FlyWorld {
    func listSecrets(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        let least = request.query["min_version"].flatMap { Int($0) } ?? 0
        if least > app.secretsVersion { throw Refusal.secretsBehind(least, app.secretsVersion) }
        let names = request.view == .empty ? [] : app.secrets.keys.sorted()
        let secrets = names.compactMap { name in
            app.secrets[name].map { describe(name, $0, showsValue: request.flag("show_secrets")) }
        }
        return .json(200, JSON.object(["secrets": .array(secrets)]).description)
    }

    func getSecret(_ request: FlyRequest) throws -> FlyReply {
        guard let secret = try app(request).secrets[request.target] else { throw Refusal.noSecret }
        return .json(200, describe(request.target, secret, showsValue: request.flag("show_secrets")).description)
    }

    mutating func setSecrets(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        guard let values = request.body["values"]?.fields,
            values.values.allSatisfy({ $0.isNull || $0.string != nil })
        else { throw Refusal.invalid("values must be an object of strings") }
        let version = write(values, to: app.name)
        let secrets = (apps[app.name]?.secrets ?? [:]).sorted { $0.key < $1.key }
            .map { describe($0.key, $0.value, showsValue: false) }
        let body: JSON = ["secrets": .array(secrets), "version": .int(version), "Version": .int(version)]
        return .json(200, body.description)
    }

    mutating func setSecret(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        guard let value = request.body["value"]?.string else { throw Refusal.invalid("value must be a string") }
        let version = write([request.target: .string(value)], to: app.name)
        guard let secret = apps[app.name]?.secrets[request.target] else { throw Refusal.noSecret }
        var body = describe(request.target, secret, showsValue: false)
        body["version"] = .int(version)
        body["Version"] = .int(version)
        return .json(201, body.description)
    }

    mutating func deleteSecret(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        guard app.secrets[request.target] != nil else { throw Refusal.noSecret }
        let version = write([request.target: .null], to: app.name)
        return .json(200, "{\"version\":\(version),\"Version\":\(version)}")
    }

    /// One new version; hosts know it after a while.
    private mutating func write(_ values: [String: JSON], to name: String) -> Int {
        guard var app = apps[name] else { return 0 }
        for (key, value) in values {
            let created = app.secrets[key]?.createdAt ?? now
            app.secrets[key] = value.string.map { FlySecret(value: $0, createdAt: created, updatedAt: now) }
        }
        app.secretsVersion += 1
        app.secretsKnownAt[app.secretsVersion] = now + options.secretsDelay
        apps[name] = app
        return app.secretsVersion
    }

    private func describe(_ name: String, _ secret: FlySecret, showsValue: Bool) -> JSON {
        var body: JSON = [
            "name": .string(name), "digest": .string(secret.digest), "created_at": .string(text(secret.createdAt)),
            "updated_at": .string(text(secret.updatedAt)),
        ]
        if showsValue { body["value"] = .string(secret.value) }
        return body
    }
}
