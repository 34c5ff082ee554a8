import ArgumentParser
import Broker

struct DockerBrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docker-broker",
        abstract: "Stands between the daemon and Docker's socket, and lets through only what converged does.",
        discussion: """
            Started by converged-docker.socket, which hands it its socket. It forwards the calls of the daemon on what \
            carries the label converged.owner, and refuses all others with 403: privileged containers, foreign \
            folders, foreign containers. It reads no settings and no database.
            """)

    @Option(help: "Docker's own socket.") var docker = "/var/run/docker.sock"

    @Option(
        help: """
            Folders of the host that containers may be given, separated by colons; * is one component. \
            Nothing may lie beneath another.
            """)
    var places = BindPlaces.usual.description

    func validate() throws {
        guard docker.hasPrefix("/") else { throw ValidationError("--docker is not an absolute path") }
        guard BindPlaces(places) != nil else {
            throw ValidationError(
                "--places are not absolute paths of two components or more, none beneath another: /opt/mypa/agents/*/data"
            )
        }
    }

    func run() async throws {
        var settings = BrokerSettings()
        settings.daemon = docker
        settings.places = BindPlaces(places) ?? .usual
        try await BrokerProcess.run(settings)
    }
}
