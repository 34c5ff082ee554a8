struct FlyAddress: Sendable {
    var address: String
    var type: String
    var region: String
    var service: String
    var createdAt: Duration
}

extension FlyWorld {
    func listAddresses(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        let shown = request.view == .empty ? [] : app.addresses
        return .json(200, "{\"ips\":[\(shown.map(text).joined(separator: ","))]}")
    }

    mutating func allocateAddress(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        let type = request.body["type"]?.string ?? ""
        // A shared address exists once; others pile up, one for each call.
        if type == "shared_v4", app.addresses.contains(where: { $0.type == type }) { throw Refusal.addressTaken }
        let address: String
        switch type {
        case "v4": address = "149.248.\(Int(randomness.next() % 256)).\(Int(randomness.next() % 256))"
        case "v6": address = "2a09:8280:1::\(randomness.hex(2)):\(randomness.hex(4)):0"
        case "shared_v4": address = "66.241.12\(4 + Int(randomness.next() % 2)).\(Int(randomness.next() % 256))"
        case "private_v6": address = "fdaa:2:\(randomness.hex(4)):0:1::\(app.addresses.count + 2)"
        default: throw Refusal.unprocessable("type must be v4, v6, shared_v4 or private_v6")
        }
        let assigned = FlyAddress(
            address: address, type: type, region: request.body["region"]?.string ?? "global",
            service: request.body["service_name"]?.string ?? "", createdAt: now)
        apps[app.name]?.addresses.append(assigned)
        return .json(200, text(assigned))
    }

    mutating func releaseAddress(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        guard let place = app.addresses.firstIndex(where: { $0.address == request.target }) else {
            throw Refusal.noAddress
        }
        apps[app.name]?.addresses.remove(at: place)
        return .nothing(204)
    }

    private func text(_ address: FlyAddress) -> String {
        let body: JSON = [
            "ip": .string(address.address), "type": .string(address.type), "region": .string(address.region),
            "service_name": .string(address.service), "shared": .bool(address.type == "shared_v4"),
            "created_at": .string(text(address.createdAt)),
        ]
        return body.description
    }
}
