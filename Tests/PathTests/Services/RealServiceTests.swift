import Foundation
import Postgres
import Support
import Testing
import Vendors

@Suite("Services in real containers", .enabled("a Docker daemon can run here") { await DockerObstacle.found == nil })
struct RealServiceTests {
    @Test(arguments: [false, true])
    func oneThatNeedsAnotherFollowsItWithItsSecretsAndVolumes(throughTheBroker: Bool) async throws {
        let daemon = try await TestDocker.shared
        let mark = UUID().uuidString.prefix(8).lowercased()
        let folder = try TemporaryFolder.make("service")
        try "WORD=s3cret-word\nUNUSED=other\n".write(toFile: folder + "/.env", atomically: false, encoding: .utf8)
        let broker =
            throughTheBroker ? try await TestBroker.start(before: daemon, ["--env-files=\(folder)/.env"]) : nil
        try await ServiceStage.with(.unix(broker?.socket ?? daemon.socket)) { stage in
            try await stage.operators.query(
                """
                insert into converged.services (name, droplet, image, command, env, env_file, network, alias, mounts, health_command, needs)
                values
                    (\("base-\(mark)"), 'one', \(TestDocker.image), '{sh,-c,"echo up >/data/up; sleep 1000"}', '{}', null,
                        \("net-\(mark)"), 'base', \(["vol-\(mark):/data"]), '{test,-s,/data/up}', '{}'),
                    (\("top-\(mark)"), 'one', \(TestDocker.image), '{sleep,1000}', '{"WORD": "${WORD}"}', \(folder + "/.env"),
                        \("net-\(mark)"), null, '{}', null, \(["base-\(mark)"]))
                """)
            try await stage.settle()
            let words = try await daemon.command(["exec", "top-\(mark)", "sh", "-c", "echo $WORD $UNUSED"])
            #expect(words == "s3cret-word\n")
            let names = try await stage.docker.listContainers(DockerFilter(names: ["top-\(mark).env"]))
            #expect(names.isEmpty, "no reader is left")
            try await stage.operators.query("update converged.services set deleted_at = converged.now()")
            try await stage.wait(for: "both are gone", "select not exists (select from converged.services)")
            #expect(try await daemon.command(["volume", "ls", "-q"]).contains("vol-\(mark)"))
            let networks = try await daemon.command(["network", "ls", "--format", "{{.Name}}"])
            #expect(!networks.contains("net-\(mark)"))
            try await stage.docker.removeVolume("vol-\(mark)")
        }
        #expect(broker?.log.contains("refused") != true, "\(broker?.log ?? "")")
        await broker?.stop()
    }
}
