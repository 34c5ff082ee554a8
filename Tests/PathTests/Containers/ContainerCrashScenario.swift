import Foundation
import Postgres
import Reconcilers
import Simulators
import Support
import Vendors

/// A change of a row, and what the droplet must show in the end.
struct ContainerCrashScenario: Sendable, CustomStringConvertible {
    var description: String
    /// Assignments to the row of a PA that runs already; nil: the PA is new.
    var change: SQL?
    /// Reason of Ready in the end.
    var reason = "Running"
    var image = ContainerLane.image
    /// Containers that Docker made after the change.
    var creates: ClosedRange<Int>

    static let all = [
        // One makes the data folder, the other is the PA's.
        ContainerCrashScenario(description: "create", creates: 2...2),
        ContainerCrashScenario(
            description: "recreate", change: "image = \(ContainerLane.newImage)", image: ContainerLane.newImage,
            creates: 1...1),
        ContainerCrashScenario(
            description: "roll back", change: "image = \(ContainerLane.brokenImage)", reason: "RolledBack",
            creates: 1...1),
        ContainerCrashScenario(
            description: "restart", change: "restart_requested_at = converged.now()", creates: 0...0),
        ContainerCrashScenario(
            description: "stop", change: "desired_state = 'stopped'", reason: "Stopped", creates: 0...0),
        ContainerCrashScenario(
            description: "delete", change: "deleted_at = converged.now()", reason: "gone", creates: 0...0),
    ]

    /// What is wrong with the outcome; empty: nothing.
    func verify(_ pa: UUID, on lane: ContainerLane) async throws -> [String] {
        var wrong: [String] = []
        let expected: Set<String> = reason == "gone" ? [] : ["pa-ada"]
        wrong += lane.docker.leaks(
            expected: expected, ours: Marks.owner, owner: Marks.owner, temporary: ["*.next", "*.old"]
        ).map(\.description)
        let made = lane.docker.calls("create-container").filter { $0.status == 201 }.count
        if !creates.contains(made) { wrong.append("\(made) creates instead of \(creates)") }
        if change != nil, lane.docker.hostFile(ContainerLane.dataPath + "/sessions.db")?.text != "precious" {
            wrong.append("the data is lost")
        }
        guard reason != "gone" else { return wrong }
        let ada = lane.docker.container("pa-ada")
        let isServing = ada?.gateway == .serving(port: 19100)
        if isServing != (reason != "Stopped") { wrong.append("gateway \(ada.map { "\($0.gateway)" } ?? "none")") }
        if ada?.image != image { wrong.append("image \(ada?.image ?? "none")") }
        if ada?.marks != ["chromium"] { wrong.append("its checklist is not done") }
        let rows = try await lane.admin.query(
            """
            select c.container_id, p.gateway_token, (select count(distinct token)::int from tokens_seen where pa = p.id)
            from converged.pas p join converged.containers c on c.key = p.id::text where p.id = \(pa)
            """)
        let (id, sealed, tokens) = try rows[0].decode((String?, String, Int).self)
        if id != ada?.id { wrong.append("the row knows container \(id ?? "none")") }
        if tokens != 1 { wrong.append("\(tokens) tokens were stored") }
        let token = String(decoding: try lane.keyRing.open(sealed, for: pa), as: UTF8.self)
        let config = lane.docker.hostFile(ContainerLane.dataPath + "/openclaw.json")
        if config?.text.contains(token) != true { wrong.append("the gateway has another token") }
        return wrong
    }
}
