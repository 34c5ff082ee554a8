import Foundation
import Postgres
import Reconcilers
import Simulators
import Support
import Testing
import Vendors

@Suite("A container's checklist") struct ChecklistWorkTests {
    @Test func everyStepIsDoneOnceAndRemembered() async throws {
        try await StandardSteps.with { daemon, stage in
            #expect(try await stage.finish() == .done)
            #expect(daemon.starts(of: "apt-get update") == 1 && daemon.starts(of: "apt-get install chromium") == 1)
            let file = try #require(daemon.file("/home/node/.mcporter/ada.json", in: stage.container))
            #expect(file.text == #"{"n":"ada/alpha/one"}"#)
            #expect(file.uid == 1000 && file.gid == 1000 && file.mode == 0o600)
            let folder = try #require(daemon.file("/home/node/.mcporter", in: stage.container))
            #expect(folder.mode == 0o700 && folder.uid == 1000)
            #expect(
                try await stage.run("chromium", "state, attempts, exit_code, output_tail")
                    == "done 1 0 Setting up chromium\n")
            #expect(try await stage.run("token", "state, exit_code") == "done 404")
            daemon.clearLedger()
            #expect(try await stage.advance() == .done)
            #expect(daemon.ledger.isEmpty, "what is done costs no call: \(daemon.ledger)")
            #expect(daemon.breaches.isEmpty, "\(daemon.breaches)")
        }
    }

    @Test func whatIsMetIsNotDone() async throws {
        try await StandardSteps.with { daemon, stage in
            daemon.onExec(.init("chromium --version"))
            try await stage.expectDone()
            #expect(daemon.starts(of: "apt-get install chromium") == 0)
            #expect(try await stage.run("chromium", "state, attempts") == "done 0")
        }
    }

    @Test func aChangedRowIsOwedAnewAndOnlyThat() async throws {
        try await StandardSteps.with { daemon, stage in
            #expect(try await stage.finish() == .done)
            try await stage.admin.query("update converged.checklist_steps set mode = '0640' where name = 'config'")
            #expect(try await stage.finish() == .done)
            #expect(daemon.file("/home/node/.mcporter/ada.json", in: stage.container)?.mode == 0o640)
            #expect(daemon.starts(of: "apt-get update") == 1 && daemon.starts(of: "apt-get install chromium") == 1)
        }
    }

    @Test func whatSomebodyUndidIsFoundAndDoneAgain() async throws {
        try await StandardSteps.with { daemon, stage in
            #expect(try await stage.finish() == .done)
            let other = [TarEntry.file("ada.json", Array("{}".utf8), mode: 0o644)]
            try await DockerClient(stage.outbound, endpoint: stage.endpoint)
                .putArchive(other, into: stage.container, at: "/home/node/.mcporter")
            #expect(try await stage.advance() == .done, "not before its time")
            try await moveClock(of: stage.admin, by: .seconds(7 * 3600))
            #expect(try await stage.finish() == .done)
            let file = try #require(daemon.file("/home/node/.mcporter/ada.json", in: stage.container))
            #expect(file.uid == 1000 && file.mode == 0o600 && file.text.contains("alpha"))
            #expect(daemon.starts(of: "apt-get install chromium") == 1)
        }
    }

    @Test func aStepThatFailsForEverSaysWhyAndIsTriedAnewLater() async throws {
        try await StandardSteps.with { daemon, stage in
            let secret = ChecklistStage.token.hex
            daemon.onExec(
                .init("apt-get install chromium", exitCode: 100) {
                    $0.errors =
                        "GET http://u:p4ss@mirror/x\nAuthorization: Bearer abc.def\nE: no space, token=\(secret)\n"
                })
            guard case .failed(let step, let why) = try await stage.finish() else { return #expect(Bool(false)) }
            #expect(step == "chromium" && why.contains("ended with 100: E: no space"))
            #expect(daemon.starts(of: "apt-get install chromium") == 3, "two retries")
            let row = try #require(try await stage.run("chromium", "state, attempts, exit_code, output_tail, fault"))
            #expect(row.hasPrefix("failed 3 100 "))
            for hidden in [secret, "p4ss", "abc.def"] { #expect(!row.contains(hidden) && !why.contains(hidden)) }
            daemon.clearLedger()
            guard case .failed = try await stage.advance() else { return #expect(Bool(false)) }
            #expect(daemon.ledger.isEmpty)
            daemon.onExec(.init("apt-get install chromium") { $0.marks = ["chromium"] })
            try await moveClock(of: stage.admin, by: .seconds(3601))
            #expect(try await stage.finish() == .done)
        }
    }

    @Test func aGatewayIsWaitedForAndThenNot() async throws {
        try await StandardSteps.with { _, stage in
            stage.gateway.answer(503)
            guard case .failed("gateway", let why) = try await stage.finish() else { return #expect(Bool(false)) }
            #expect(why.contains("answers 503, wanted is 200"))
            stage.gateway.answer(200)
            try await moveClock(of: stage.admin, by: .seconds(3601))
            #expect(try await stage.finish() == .done)
        }
    }

    @Test func anImageWithoutAChecklistOwesNothing() async throws {
        try await StandardSteps.with { daemon, stage in
            try await stage.admin.query("delete from converged.checklists where name = 'test'")
            #expect(try await stage.advance() == .done)
            #expect(daemon.execs().isEmpty)
        }
    }
}
