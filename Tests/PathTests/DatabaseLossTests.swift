import Foundation
import Inbox
import Postgres
import Simulators
import Support
import Testing

/// The database goes away and comes back; the daemon stays.
@Suite struct DatabaseLossTests {
    @Test func aRestartedServerIsSurvived() async throws {
        var options = Platform.Options()
        options.hasOwnCluster = true
        try await Platform.run(options) { platform in
            let daemon = try await platform.startDaemon()
            let first = try await platform.signUp(3)
            for stop in [TestCluster.Stop.fast, .immediate] {
                try await platform.database.cluster.restart(stop)
                #expect(daemon.isRunning)
            }
            let second = try await platform.retrySignUp(3)
            try await platform.awaitSettled(first + second, within: .seconds(60))
            #expect(daemon.isRunning)
            platform.expectClean(first + second)
        }
    }

    @Test func aServerThatIsNotThereYetIsWaitedFor() async throws {
        var options = Platform.Options()
        options.hasOwnCluster = true
        try await Platform.run(options) { platform in
            await platform.database.cluster.halt()
            let inbox = try DatagramInbox()
            let daemon = try await platform.startDaemon(["NOTIFY_SOCKET": inbox.path], awaits: false)
            try await inbox.wait(for: "STATUS=waiting for the database")
            #expect(!daemon.log.contains("cannot be reached, trying again"), "said before the first try has failed")
            try await eventually("the daemon says what it waits for") {
                daemon.log.contains("no connection to Postgres")
            }
            #expect(daemon.isRunning)
            try await platform.database.cluster.start()
            let assistants = try await platform.retrySignUp(1)
            try await platform.awaitSettled(assistants)
            try await inbox.wait(for: "READY=1")
        }
    }

    /// Behind a transaction pooler nothing can be heard or prepared: then work is found by polling.
    @Test func withoutHintsWorkIsFoundByPolling() async throws {
        var options = Platform.Options()
        options.settings["CONVERGED_DATABASE_POOLER"] = "transaction"
        try await Platform.run(options) { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitSettled(assistant)
            let listeners = try await platform.count(
                """
                select count(*) from pg_stat_activity
                where datname = current_database() and query ilike 'listen%' and usename = 'converged_daemon'
                """)
            #expect(listeners == 0)
        }
    }

    /// Longer away than leases live: the worker must find its way back in.
    @Test func aServerThatIsAwayForLongIsSurvived() async throws {
        var options = Platform.Options()
        options.hasOwnCluster = true
        try await Platform.run(options) { platform in
            let daemon = try await platform.startDaemon()
            let gate = Gate()
            platform.fly.onCall { call, phase in
                if phase == .before, call.action == "create-volume" { await gate.pass() }
                return .proceed
            }
            let assistant = try await platform.signUp()[0]
            try await gate.awaitArrivals(1)
            await platform.database.cluster.halt(.immediate)
            await gate.open()
            // Its lease lapses by its own clock meanwhile, which says so in the log.
            try await eventually("the daemon has noticed", within: .seconds(30)) {
                daemon.log.contains("starts over") || !daemon.isRunning
            }
            #expect(daemon.isRunning, "\(daemon.log.suffix(3000))")
            try await platform.database.cluster.start()
            try await platform.awaitSettledAcrossLoss([assistant])
            #expect(daemon.isRunning)
            platform.expectClean([assistant])
        }
    }

    @Test func sessionsThatAreTerminatedAreReplaced() async throws {
        try await Platform.run { platform in
            let daemon = try await platform.startDaemon()
            let assistants = try await platform.signUp(6)
            for _ in 0..<3 {
                try await platform.database.terminateSessions()
                _ = try await platform.retryCount()
            }
            try await platform.awaitSettledAcrossLoss(assistants)
            #expect(daemon.isRunning)
            platform.expectClean(assistants)
        }
    }
}

/// The test's own sessions are lost with the server, too.
extension Platform {
    fileprivate func retrySignUp(_ count: Int) async throws -> [Assistant] {
        _ = try await retryCount()
        return try await signUp(count)
    }

    /// Waits until both of the test's pools answer again.
    fileprivate func retryCount() async throws -> Int {
        var found = -1
        try await eventually("the database answers", within: .seconds(30)) {
            guard (try? await web.query("select 1")) != nil else { return false }
            guard let number = try? await count("select count(*) from converged.machines") else { return false }
            found = number
            return true
        }
        return found
    }

    fileprivate func awaitSettledAcrossLoss(_ assistants: [Assistant]) async throws {
        _ = try await retryCount()
        try await awaitSettled(assistants, within: .seconds(60))
    }
}
