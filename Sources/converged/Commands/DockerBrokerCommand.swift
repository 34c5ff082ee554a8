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

    @Option(
        help: """
            Files of the host that the daemon may read, separated by colons: environment files of services. \
            None may lie beneath one of the folders.
            """)
    var envFiles = BindPlaces.usualFiles.description

    func validate() throws {
        guard docker.hasPrefix("/") else { throw ValidationError("--docker is not an absolute path") }
        guard let folders = BindPlaces(places) else {
            throw ValidationError(
                "--places are not absolute paths of two components or more, none beneath another: /opt/mypa/agents/*/data"
            )
        }
        guard let files = BindPlaces(envFiles), !files.isBeneath(folders) else {
            throw ValidationError(
                "--env-files are not absolute paths of two components or more, none beneath one of --places: /opt/twenty/.env"
            )
        }
    }

    func run() async throws {
        var settings = BrokerSettings()
        settings.daemon = docker
        settings.places = BindPlaces(places) ?? .usual
        settings.readable = BindPlaces(envFiles) ?? .usualFiles
        try await BrokerProcess.run(settings)
    }
}
