import Foundation
import Postgres
import Support
import Testing

/// A droplet elsewhere: its Docker daemon takes mutual TLS, and no daemon of ours is beside it.
@Suite(
    "A droplet that is reached by TLS", .enabled("a Docker daemon can run here") { await DockerObstacle.found == nil })
struct RemoteDropletTests {
    private static let credentials = ["docker-ca": "ca.pem", "docker-cert": "client.pem", "docker-key": "client.key"]

    private func give(_ certificates: Certificates, to platform: Platform) throws {
        for (name, file) in Self.credentials {
            let pem = try String(contentsOfFile: certificates.folder + "/" + file, encoding: .utf8)
            try platform.home.writeCredential(name, pem)
        }
    }

    private func add(_ port: Int, gateway: Int, image: String, to platform: Platform) async throws {
        try await platform.admin.query("insert into converged.teams (name) values ('alpha')")
        try await platform.admin.query(
            """
            insert into converged.droplets (name, endpoint, address, domain, first_port, last_port)
            values ('far', \("https://127.0.0.1:\(port)"), '203.0.113.1', 'team.example.com', \(gateway), \(gateway))
            """)
        try await platform.web.query("insert into converged.pas (name, team, image) values ('ada', 'alpha', \(image))")
    }

    private let settings: [String: String?] = ["CONVERGED_FLY_ORG": nil, "CONVERGED_DOCKER_SURVEY_SECONDS": "1"]

    @Test func whoHasTheIdentityServesItWithoutBeingTold() async throws {
        let docker = try await TestDocker.start()
        let image = "local/far:1"
        try await docker.makeGatewayImage(image)
        try await Platform.run { platform in
            try give(docker.certificates, to: platform)
            try await add(docker.port, gateway: try FreePort.take(), image: image, to: platform)
            try await platform.startDaemon(settings)
            try await eventually("the PA runs", within: .seconds(90)) {
                try await platform.admin.query("select status from converged.pas").scalar(as: String?.self) == "running"
            }
            #expect(try await docker.command(["ps", "--format", "{{.Names}} {{.State}}"]) == "pa-ada running\n")
            // Its events come the same way.
            try await docker.command(["rm", "--force", "pa-ada"])
            try await eventually("another container takes its place", within: .seconds(90)) {
                try await docker.command(["ps", "--format", "{{.Names}} {{.State}}"]) == "pa-ada running\n"
            }
            #expect(try await platform.converged(["doctor"], settings).output.contains("far"))
        }
        await docker.stop()
    }
}
