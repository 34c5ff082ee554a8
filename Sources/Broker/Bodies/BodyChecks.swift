/// What a shape cannot say: the owner's label, where folders of the host may come from, and what has to be ours already.
struct BodyChecks {
    let places: BindPlaces
    let readable: BindPlaces

    /// The mark that makes a thing ours, for good: Docker cannot change labels.
    @discardableResult func owner(of body: JSON) throws(Refusal) -> String {
        guard let owner = body["Labels"]?[BrokerPolicy.label]?.text, Words.owner.fits(owner) else {
            throw Refusal("the label \(BrokerPolicy.label) is missing, or is not \(Words.owner.meaning)")
        }
        return owner
    }

    /// One file of the host, to be read; no folder, no network, nothing else.
    func reader(of body: JSON) throws(Refusal) {
        let host = body["HostConfig"]
        let mounts = host?["Mounts"]?.list ?? []
        guard mounts.count == 1, let mount = mounts.first, mount["Type"]?.text == "bind",
            mount["ReadOnly"] == .flag(true), host?["Binds"]?.list?.isEmpty ?? true,
            host?["NetworkMode"]?.text == "none"
        else { throw Refusal("a reader has one mount, a file to be read, and no network") }
        guard let source = mount["Source"]?.text, readable.allows(source) else {
            throw Refusal("HostConfig.Mounts[0]: \(shown(mount["Source"]?.text ?? "")) is not one of \(readable)")
        }
        guard let target = mount["Target"]?.text, !Self.isSystem(target) else {
            throw Refusal("HostConfig.Mounts[0]: the path inside is the system's")
        }
    }

    /// Networks and volumes that a container is made with.
    func needs(of body: JSON) throws(Refusal) -> [Need] {
        guard let host = body["HostConfig"], let network = host["NetworkMode"]?.text else { return [] }
        var needs: [Need] = []
        let isNamed = !["host", "bridge", "none"].contains { $0.utf8.elementsEqual(network.utf8) }
        if isNamed { needs.append(.network(network)) }
        for member in body["NetworkingConfig"]?["EndpointsConfig"]?.members ?? [] {
            guard isNamed, member.name == network else {
                throw Refusal("EndpointsConfig names another network than NetworkMode")
            }
        }
        for (index, bind) in (host["Binds"]?.list ?? []).enumerated() {
            if let need = try need(ofBind: bind.text ?? "", at: "HostConfig.Binds[\(index)]") { needs.append(need) }
        }
        for (index, mount) in (host["Mounts"]?.list ?? []).enumerated() {
            let (source, target) = (mount["Source"]?.text ?? "", mount["Target"]?.text ?? "")
            let isBind = mount["Type"]?.text == "bind"
            let need = try need(ofSource: source, isBind: isBind, target, at: "HostConfig.Mounts[\(index)]")
            if let need { needs.append(need) }
        }
        return needs
    }

    /// `source:target` or `source:target:ro`; other options label or propagate.
    private func need(ofBind text: String, at place: String) throws(Refusal) -> Need? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3, parts.count == 2 || ["ro", "rw"].contains(parts[2]) else {
            throw Refusal("\(place) is not source:target, :ro or :rw")
        }
        return try need(ofSource: parts[0], isBind: parts[0].hasPrefix("/"), parts[1], at: place)
    }

    private func need(
        ofSource source: String, isBind: Bool, _ target: String, at place: String
    ) throws(Refusal) -> Need? {
        guard Words.path.fits(target), !Self.isSystem(target) else {
            throw Refusal("\(place): the path inside is no absolute plain path, or the system's")
        }
        if isBind {
            guard places.allows(source) else {
                throw Refusal("\(place): \(shown(source)) is not one of \(places)")
            }
            return nil
        }
        guard Words.name.fits(source) else { throw Refusal("\(place): not \(Words.name.meaning)") }
        return .volume(source)
    }

    private static func isSystem(_ path: String) -> Bool {
        path == "/" || ["proc", "sys", "dev"].contains(Words.parts(of: path)[0])
    }
}
