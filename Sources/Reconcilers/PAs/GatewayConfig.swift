import FoundationEssentials

/// `openclaw.json` of a PA (contract openclaw, "Config file"): what the gateway and its owner wrote there, under what the
/// row says, under what the fleet's standard fixes. What the row does not say any more goes, unless somebody changed it
/// there. Holds the token, so it prints nothing.
struct GatewayConfig: Sendable {
    /// The row's own part.
    let row: JSONValue
    let port: Int
    /// `loopback` where the probes come from the droplet itself, `lan` where they come from elsewhere; the row may say
    /// another one.
    let bind: String
    let token: GatewayToken
    /// What earlier rows put there (``ConfigClaims``).
    var former: Set<String> = []

    /// What has to be in the file, from what is there. Nil when it is right as it is.
    func content(over present: [UInt8]?) throws(ContainerFault) -> [UInt8]? {
        var file = JSONValue.object([:])
        if let present, !present.isEmpty {
            guard let read = JSONValue(json5: present), case .object = read else {
                throw ContainerFault(.configUnreadable, "openclaw.json in the data directory is not a JSON object")
            }
            file = read
        }
        let others = ConfigClaims.removing(former.subtracting(ConfigClaims.of(row)), from: file)
        let place = others["gateway"]?["bind"] ?? .text(bind)
        var wanted = others.merged(with: .object(["gateway": .object(["bind": place])]))
        wanted = wanted.merged(with: row).merged(with: fixed)
        return wanted == file ? nil : wanted.bytes
    }

    private var fixed: JSONValue {
        .object([
            "gateway": .object([
                "mode": .text("local"), "port": .integer(Int64(port)),
                "auth": .object(["mode": .text("token"), "token": .text(token.hex)]),
            ])
        ])
    }
}

extension GatewayConfig: CustomStringConvertible, CustomReflectable {
    var description: String { "<config of the gateway on port \(port)>" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
