import Foundation
import Logging
import Outbound
import Support
import Testing

@testable import Vendors

@Suite("Events of a real Docker daemon", .docker) struct DockerEventTests {
    /// Reads on until `isLast`, and returns what came.
    private func read(
        _ notices: inout DockerEvents.Iterator, until isLast: (DockerNotice) -> Bool
    ) async throws -> [DockerNotice] {
        var seen: [DockerNotice] = []
        while let notice = try await notices.next() {
            seen.append(notice)
            if isLast(notice) { return seen }
        }
        throw Unexpected()
    }

    private func isEvent(_ action: String) -> (DockerNotice) -> Bool {
        { if case .event(let event) = $0 { event.action == action } else { false } }
    }

    private func actions(_ notices: [DockerNotice]) -> [String] {
        notices.compactMap { if case .event(let event) = $0 { event.action } else { nil } }
    }

    @Test func theyBeginWithRelistAndGoOnAfterACut() async throws {
        try await DockerRig.with { rig in
            let proxy = try CuttingProxy(to: rig.daemon.socket, at: "\(rig.daemon.folder)/events-\(rig.id).sock")
            defer { proxy.stop() }
            let watcher = DockerClient(rig.outbound, endpoint: .unix(proxy.socket))
            var settings = DockerEventSettings()
            settings.firstPause = .milliseconds(1)
            let filter = DockerEventFilter(types: ["container"], labels: [rig.label])
            var notices = watcher.events(filter, settings: settings).makeAsyncIterator()
            #expect(try await notices.next() == .relist)
            let id = try await rig.docker.createContainer(rig.spec("seen", ["sh", "-c", "exit 3"])).id
            try await rig.docker.startContainer(id)
            let first = try await read(&notices, until: isEvent("die"))
            #expect(actions(first) == ["create", "start", "die"])
            if case .event(let die) = first.last {
                #expect(die.objectID == id && die.containerName == rig.name("seen"))
                #expect(die.attributes["exitCode"] == "3" && die.attributes["test"] == String(rig.id))
            }
            proxy.cutAll()
            // Happens while nobody listens, and is told afterwards: once.
            try await rig.docker.removeContainer(id)
            let second = try await read(&notices, until: isEvent("destroy"))
            #expect(second.contains(.relist) && actions(second) == ["destroy"])
            #expect(second.contains { if case .lost(let error) = $0 { error.kind == .unavailable } else { false } })
        }
    }

    @Test func theyComeBackAfterTheDaemonWasAway() async throws {
        let daemon = try await TestDocker.start()
        try await DockerRig.with(daemon: daemon) { rig in
            var settings = DockerEventSettings()
            settings.longestPause = .milliseconds(50)
            let filter = DockerEventFilter(labels: [rig.label])
            var notices = rig.docker.events(filter, settings: settings).makeAsyncIterator()
            #expect(try await notices.next() == .relist)
            let id = try await rig.running("survivor")
            _ = try await read(&notices, until: isEvent("start"))
            await daemon.stop()
            guard case .lost = try await notices.next() else { throw Unexpected() }
            try await daemon.startAgain()
            _ = try await read(&notices) { $0 == .relist }
            #expect(try await rig.docker.inspectContainer(id).state.isRunning == false)
            try await rig.docker.startContainer(id)
            #expect(try await read(&notices, until: isEvent("start")).count >= 1)
        }
        await daemon.stop()
        #expect(try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).contains(daemon.folder) == false)
    }

    /// A half-open connection is silent for ever: after the agreed silence it is made again.
    @Test func silenceEndsAConnection() async throws {
        try await DockerRig.with { rig in
            var settings = DockerEventSettings()
            settings.firstPause = .milliseconds(1)
            settings.idle = .milliseconds(100)
            let filter = DockerEventFilter(labels: [rig.label])
            var notices = rig.docker.events(filter, settings: settings).makeAsyncIterator()
            // A busy machine may be silent before it answers, too: that is one more loss.
            _ = try await read(&notices) { $0 == .relist }
            let silence = try await read(&notices) { if case .lost = $0 { true } else { false } }
            guard case .lost(let error) = silence.last else { throw Unexpected() }
            #expect(error.kind == .unavailable && error.action == .watchEvents)
            _ = try await read(&notices) { $0 == .relist }
            #expect(await rig.outbound.counters().openBreakers.isEmpty)
        }
    }

    @Test func whatOnlyAPersonCanPutRightIsThrown() async throws {
        try await DockerRig.with { rig in
            let outsider = TLSIdentity(ca: rig.daemon.folder + "/ca.pem")
            let docker = DockerClient(
                rig.outbound, endpoint: .tcp(host: "127.0.0.1", port: rig.daemon.port, tls: outsider))
            var notices = docker.events().makeAsyncIterator()
            let error = try await dockerError { try await notices.next() }
            #expect(error.kind == .unauthorized)
        }
    }

    @Test func aReaderThatIsCancelledEnds() async throws {
        try await DockerRig.with { rig in
            let (connected, signal) = AsyncStream<Void>.makeStream()
            let events = rig.docker.events(DockerEventFilter(labels: [rig.label]))
            let reader = Task {
                for try await _ in events { signal.yield() }
            }
            for await _ in connected { break }
            reader.cancel()
            await #expect(throws: CancellationError.self) { try await reader.value }
            try await eventually("nothing is left on the wire") { await rig.outbound.counters().inFlight == 0 }
        }
    }
}
