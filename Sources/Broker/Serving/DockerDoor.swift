import FoundationEssentials
import Outbound
import Synchronization

/// The way to the real daemon, for what has been judged. Calls are sent once, never repeated.
struct DockerDoor: Sendable {
    /// The daemon's answer to a look was neither yes nor no.
    struct Unclear: Error { let answer: Relayed }

    let outbound: Outbound
    let socket: String
    private let known = KnownContainers()

    init(_ outbound: Outbound, socket: String) {
        self.outbound = outbound
        self.socket = socket
    }

    /// - Throws: `OutboundError`, or `Unclear`.
    func look(_ need: Need, version: Int) async throws -> Fact {
        let path: String
        switch need {
        case .container(let text):
            if known.holds(text) { return .ours(id: text) }
            path = "containers/\(percentEncoded(text))/json"
        case .exec(let id): path = "exec/\(percentEncoded(id))/json"
        case .network(let text): path = "networks/\(percentEncoded(text))"
        case .volume(let text): path = "volumes/\(percentEncoded(text))"
        }
        let response = try await outbound.send(request("GET", "/v1.\(version)/\(path)"))
        let answer = Relayed(status: response.status, body: response.body)
        if response.status == 404 { return .absent(answer) }
        guard response.status == 200, let seen = try? JSONDecoder().decode(Seen.self, from: Data(response.body)) else {
            throw Unclear(answer: answer)
        }
        return fact(need, seen)
    }

    /// Docker also answers to the beginning of an id: what it found must be what was asked for.
    private func fact(_ need: Need, _ seen: Seen) -> Fact {
        let nothing = Glimpse(id: "", name: "", status: "")
        switch need {
        case .exec: return seen.container.map { .exec(container: $0) } ?? .foreign(nothing)
        case .container(let text):
            let name = seen.name?.hasPrefix("/") == true ? String(seen.name?.dropFirst() ?? "") : ""
            guard let id = seen.id, Words.id.fits(id), id == text || name == text else { return .foreign(nothing) }
            guard let owner = seen.containerLabels?[BrokerPolicy.label], !owner.isEmpty else {
                return .foreign(Glimpse(id: id, name: "/" + name, status: seen.status ?? ""))
            }
            if owner.hasPrefix(BrokerPolicy.readerOwner) { return .reader(id: id) }
            known.note(id)
            return .ours(id: id)
        case .network(let text):
            let isMeant = seen.id == text || seen.name == text
            guard isMeant, let id = seen.id, Words.id.fits(id) else { return .foreign(nothing) }
            return seen.labels?[BrokerPolicy.label]?.isEmpty == false ? .ours(id: id) : .foreign(nothing)
        case .volume(let text):
            guard seen.name == text, seen.labels?[BrokerPolicy.label]?.isEmpty == false else {
                return .foreign(nothing)
            }
            return .ours(id: text)
        }
    }

    /// The head now, the body as it is read.
    func forward(_ call: Forwarding, body: BodyStream?, login: String?) async throws -> StreamedResponse {
        var request = request(call.method, call.target)
        switch call.body {
        case .none: break
        case .json(let bytes):
            request.body = bytes
            request.headers.append(("Content-Type", "application/json"))
        case .stream:
            request.bodyStream = body
            request.headers.append(("Content-Type", "application/x-tar"))
        }
        if call.takesLogin, let login { request.headers.append(("X-Registry-Auth", login)) }
        // How long is long is for the client to say: when it hangs up the call is taken off the wire.
        request.deadlines = Deadlines(total: nil, idle: .seconds(4 * 3600))
        return try await outbound.stream(request)
    }

    private func request(_ method: String, _ target: String) -> Request {
        Request(
            method: method, url: "http://docker" + target, unixSocket: socket, maxResponseBytes: 16 << 20, retry: .never
        )
    }

    private struct Seen: Decodable {
        var id: String?
        var name: String?
        var status: String?
        var container: String?
        var labels: [String: String]?
        var containerLabels: [String: String]?

        enum Key: String, CodingKey {
            case id = "Id"
            case name = "Name"
            case state = "State"
            case status = "Status"
            case container = "ContainerID"
            case labels = "Labels"
            case config = "Config"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            id = try? fields.decode(String.self, forKey: .id)
            name = try? fields.decode(String.self, forKey: .name)
            container = try? fields.decode(String.self, forKey: .container)
            labels = try? fields.decode([String: String].self, forKey: .labels)
            let config = try? fields.nestedContainer(keyedBy: Key.self, forKey: .config)
            containerLabels = try? config?.decode([String: String].self, forKey: .labels)
            let state = try? fields.nestedContainer(keyedBy: Key.self, forKey: .state)
            status = try? state?.decode(String.self, forKey: .status)
        }
    }
}

/// Full ids of containers that were seen with our label. Ids are never used again and labels never change.
final class KnownContainers: Sendable {
    static let most = 4096
    private let ids = Mutex<Set<String>>([])

    func holds(_ id: String) -> Bool { ids.withLock { $0.contains(id) } }

    func note(_ id: String) {
        ids.withLock { ids in
            if ids.count >= Self.most { ids.removeAll() }
            ids.insert(id)
        }
    }
}
