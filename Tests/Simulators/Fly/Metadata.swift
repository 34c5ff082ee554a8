/// Metadata of machines; not guarded by leases.
extension FlyWorld {
    func getMetadata(_ request: FlyRequest) throws -> FlyReply {
        .json(200, (try machine(request).config["metadata"] ?? [:]).description)
    }

    func getMetadataKey(_ request: FlyRequest) throws -> FlyReply {
        guard let value = try machine(request).config["metadata"]?[request.key] else {
            throw Refusal(404, "metadata key not found")
        }
        return .json(200, "{\"value\":\(value)}")
    }

    mutating func setMetadataKey(_ request: FlyRequest) throws -> FlyReply {
        guard let value = request.body["value"]?.string else { throw Refusal.invalid("value must be a string") }
        return try writeMetadata(request) { $0[request.key] = .string(value) }
    }

    mutating func deleteMetadataKey(_ request: FlyRequest) throws -> FlyReply {
        try writeMetadata(request) { $0[request.key] = nil }
    }

    mutating func replaceMetadata(_ request: FlyRequest) throws -> FlyReply {
        let sent = try sentMetadata(request)
        return try writeMetadata(request) { $0 = sent.filter { !$0.value.isNull } }
    }

    mutating func mergeMetadata(_ request: FlyRequest) throws -> FlyReply {
        let sent = try sentMetadata(request)
        return try writeMetadata(request) { metadata in
            for (key, value) in sent { metadata[key] = value.isNull ? nil : value }
        }
    }

    private func sentMetadata(_ request: FlyRequest) throws -> [String: JSON] {
        guard let sent = request.body["metadata"]?.fields,
            sent.values.allSatisfy({ $0.isNull || $0.string != nil })
        else { throw Refusal.invalid("metadata must be an object of strings") }
        return sent
    }

    private mutating func writeMetadata(
        _ request: FlyRequest, _ write: (inout [String: JSON]) -> Void
    ) throws -> FlyReply {
        let machine = try machine(request)
        guard machine.isLive else { throw Refusal.noMachine }
        if let version = request.body["machine_version"]?.string, version != machine.instanceID {
            throw Refusal.metadataMoved
        }
        change(machine.id) { machine, _ in
            var metadata = machine.config["metadata"]?.fields ?? [:]
            write(&metadata)
            machine.config["metadata"] = .object(metadata)
        }
        return .nothing(204)
    }
}
