import Foundation
import Support
import Testing

@Suite("What tests start does not outlive them")
struct LeftoverTests {
    @Test func aChildHoldsNoneOfOurDescriptors() async throws {
        let secret = open("/dev/null", O_RDONLY)
        defer { close(secret) }
        #expect(secret > 2)
        let folder = try TemporaryFolder.make("converged-child")
        let child = try await ChildProcess.start(["/bin/ls", "/proc/self/fd"], directory: folder)
        #expect(await child.wait() == 0)
        // 3 is the directory that ls reads.
        #expect(child.log.split(separator: "\n").compactMap { Int($0) } == [0, 1, 2, 3])
    }

    @Test func aChildDiesWithTheProcessThatStartedIt() async throws {
        let folder = try TemporaryFolder.make("converged-child")
        // Our own death cannot be watched from inside; the signal that stands for it can be read back.
        let child = try await ChildProcess.start(
            ["/usr/bin/setpriv", "--dump"], directory: folder, deathSignal: "QUIT")
        await child.wait()
        #expect(child.log.contains("Parent death signal: QUIT"))
    }

    @Test func aKilledChildSaysSo() async throws {
        let folder = try TemporaryFolder.make("converged-child")
        let child = try await ChildProcess.start(["/bin/sleep", "600"], directory: folder)
        #expect(child.isRunning)
        child.kill(SIGTERM)
        #expect(await child.wait() == -SIGTERM)
        #expect(!child.isRunning)
    }
}
