/// Decides about calls. Pure: what the daemon knows is asked for by `.look` and passed in. Everything is refused that is
/// not explicitly one of ours.
struct BrokerPolicy: Sendable {
    /// What has this label is ours; `converged.owner` in Reconcilers/Containers/Marks.
    static let label = "converged.owner"
    /// Of a container that is made to read a file, in Reconcilers/Services/EnvironmentFiles.
    static let readerOwner = "reader/"

    /// All that is done with a reader.
    private static let reading = ["inspect-container", "get-archive", "stat-path", "remove-container"]

    var places = BindPlaces.usual
    var readable = BindPlaces.usualFiles

    func judge(_ call: BrokerCall, knowing facts: [Need: Fact] = [:]) -> Verdict {
        do throws(Refusal) {
            return try decide(call, facts)
        } catch {
            return .refuse(error)
        }
    }

    private func decide(_ call: BrokerCall, _ facts: [Need: Fact]) throws(Refusal) -> Verdict {
        let checks = BodyChecks(places: places, readable: readable)
        switch call.rule.action {
        case "create-container":
            guard let body = call.body else { break }
            if try checks.owner(of: body).hasPrefix(Self.readerOwner) {
                try checks.reader(of: body)
                break
            }
            return try whenOurs(try checks.needs(of: body), facts) { forward(call, to: call.path) }
        case "create-network":
            try checks.owner(of: call.body ?? .null)
        case "create-volume":
            let body = call.body ?? .null
            try checks.owner(of: body)
            // Docker answers with the one of that name that is there already, whosever it is.
            let need = Need.volume(body["Name"]?.text ?? "")
            switch facts[need] {
            case nil: return .look([need])
            case .absent?, .ours?: break
            default: throw foreign("volume \(body["Name"]?.text ?? "")")
            }
        default:
            if let need = Self.need(of: call) { return try decide(call, on: need, facts) }
        }
        return forward(call, to: call.path)
    }

    /// A call on one thing: its id takes the place of what the client called it.
    private func decide(_ call: BrokerCall, on need: Need, _ facts: [Need: Fact]) throws(Refusal) -> Verdict {
        switch facts[need] {
        case nil: return .look([need])
        case .absent(let answer)?: return .relay(answer)
        case .reader(let id)?:
            guard Self.reading.contains(call.rule.action) else {
                throw Refusal("\(call.rule.action) is not for container \(call.subject), a reader of a file")
            }
            return forward(call, naming: id)
        case .ours(let id)?:
            return forward(call, naming: id)
        case .exec(let container)?:
            switch facts[.container(container)] {
            case nil: return .look([.container(container)])
            case .ours?: return forward(call, to: call.path)
            case .absent(let answer)?: return .relay(answer)
            default: throw foreign("the container of exec \(call.subject)")
            }
        case .foreign(let glimpse)?:
            // Whoever finds a name taken has to be able to say so; what is inside stays unseen.
            if call.rule.action == "inspect-container" { return .answer(glimpse.document) }
            throw foreign("\(call.path[0].dropLast()) \(call.subject)")
        }
    }

    private func whenOurs(
        _ needs: [Need], _ facts: [Need: Fact], _ then: () -> Verdict
    ) throws(Refusal) -> Verdict {
        let unknown = needs.filter { facts[$0] == nil }
        guard unknown.isEmpty else { return .look(unknown) }
        for need in needs {
            switch (need, facts[need]) {
            case (_, .ours?): continue
            case (.network(let name), .absent?): throw Refusal("network \(name) not found", status: 404)
            case (.volume(let name), .absent?): throw Refusal("volume \(name) not found", status: 404)
            case (.network(let name), _): throw foreign("network \(name)")
            case (.volume(let name), _): throw foreign("volume \(name)")
            case (.container(let name), _), (.exec(let name), _): throw foreign(name)
            }
        }
        return then()
    }

    private func foreign(_ what: String) -> Refusal { Refusal("\(what) has no label \(Self.label)") }

    private static func need(of call: BrokerCall) -> Need? {
        for part in call.rule.path {
            switch part {
            case .container: return .container(call.subject)
            case .exec: return .exec(call.subject)
            case .network: return .network(call.subject)
            case .volume: return .volume(call.subject)
            case .word, .image: continue
            }
        }
        return nil
    }

    private func forward(_ call: BrokerCall, naming id: String) -> Verdict {
        forward(call, to: zip(call.rule.path, call.path).map { if case .word = $0 { $1 } else { id } })
    }

    private func forward(_ call: BrokerCall, to path: [String]) -> Verdict {
        var target = call.version.map { "/v1.\($0)" } ?? ""
        for part in path { target += "/" + percentEncoded(part) }
        for (index, pair) in call.query.enumerated() {
            target += (index == 0 ? "?" : "&") + percentEncoded(pair.name) + "=" + percentEncoded(pair.value)
        }
        let body: Forwarding.Body =
            switch call.rule.body {
            case .archive: .stream
            case .json: .json((call.body ?? .object([])).bytes)
            case .none: .none
            }
        return .forward(
            Forwarding(
                action: call.rule.action, method: call.rule.method, target: target, body: body,
                takesLogin: call.rule.action == "pull-image"))
    }
}
