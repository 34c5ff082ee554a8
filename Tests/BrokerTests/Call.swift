import Foundation

@testable import Broker

/// A request as a client would send it, judged.
struct Call {
    var method: String
    var target: String
    var body = ""

    init(_ method: String, _ target: String, _ body: String = "") {
        self.method = method
        self.target = target
        self.body = body
    }

    func judged(_ facts: [Need: Fact] = [:]) -> Verdict {
        do throws(Refusal) {
            let target = try BrokerTarget(self.target)
            let rule = try BrokerCall.find(method, target)
            return BrokerPolicy().judge(try BrokerCall(rule, target, body: Array(body.utf8)), knowing: facts)
        } catch {
            return .refuse(error)
        }
    }

    /// Why it is refused; nil when it is not.
    func refusal(_ facts: [Need: Fact] = [:]) -> Refusal? {
        if case .refuse(let refusal) = judged(facts) { refusal } else { nil }
    }

    /// What goes to the daemon; nil when nothing does.
    func forwarded(_ facts: [Need: Fact] = [:]) -> Forwarding? {
        if case .forward(let forwarding) = judged(facts) { forwarding } else { nil }
    }
}

/// Ids of the tests.
let ours = String(repeating: "a1", count: 32)
let theirs = String(repeating: "b2", count: 32)
let known: [Need: Fact] = [
    .container("pa-ada"): .ours(id: ours), .container(ours): .ours(id: ours),
    .container("nginx"): .foreign(Glimpse(id: theirs, name: "/nginx", status: "running")),
    .container(theirs): .foreign(Glimpse(id: theirs, name: "/nginx", status: "running")),
    .exec(ours): .exec(container: ours), .exec(theirs): .exec(container: theirs),
    .network("team"): .ours(id: ours), .network("prod"): .foreign(Glimpse(id: theirs, name: "prod", status: "")),
    .volume("data"): .ours(id: "data"), .volume("crm-db"): .foreign(Glimpse(id: "", name: "", status: "")),
    .volume("new"): .absent(Relayed(status: 404, body: [])),
    .container("gone"): .absent(Relayed(status: 404, body: Array(#"{"message":"No such container: gone"}"#.utf8))),
]

/// The body of a create with changes: JSON members that are added to the host configuration, or at the top.
func create(host: String = "", top: String = "", network: String = "host", labels: String? = nil) -> Call {
    let labels = labels ?? #"{"converged.owner":"pa/1d4f06a2"}"#
    let body = """
        {"Image":"ghcr.io/openclaw/openclaw:1","Labels":\(labels)\(top.isEmpty ? "" : "," + top),
         "HostConfig":{"NetworkMode":"\(network)"\(host.isEmpty ? "" : "," + host)}}
        """
    return Call("POST", "/v1.41/containers/create?name=pa-ada", body)
}
