import ArgumentParser
import Foundation
import Simulators

/// The simulated Fly.io Machines API as a program, for demonstrations and by hand with curl.
@main
struct FlySimulatorProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fly-simulator",
        abstract: "A simulated Fly.io Machines API on the loopback.",
        discussion: """
            Prints its base URL and serves until it is ended. Faults are read from a script, one a line:

              create-machine lost-reply after=1 times=2 app=automna-*
              get-machine status=503 times=3 body={"error":"upstream"}

            Effects: \(FaultScript.effects.joined(separator: " "))
            """)

    @Option(help: "Port to listen on; 0 lets the system choose.") var port = 0
    @Option(help: "Token that callers must send.") var token = FlySimulator.Options().token
    @Option(help: "Slug of the organisation.") var org = FlySimulator.Options().org
    @Option(name: .customLong("faults"), help: "File with a fault script.") var script: String?
    @Option(help: "Milliseconds that each call takes.") var callMilliseconds = 0
    @Option(help: "Milliseconds from create to started.") var bootMilliseconds = 2000
    @Option(help: "Milliseconds from started to passing checks.") var checkMilliseconds = 1000
    @Option(help: "Milliseconds that lists are behind.") var lagMilliseconds = 0
    @Flag(help: "Enforce the documented rate limits.") var limits = false
    @Flag(help: "Print each call.") var verbose = false

    func run() async throws {
        var options = FlySimulator.Options()
        options.port = port
        options.token = token
        options.org = org
        options.callDelay = .milliseconds(callMilliseconds)
        options.bootDelay = .milliseconds(bootMilliseconds)
        options.checkDelay = .milliseconds(checkMilliseconds)
        options.listLag = .milliseconds(lagMilliseconds)
        options.limits = limits ? .documented : nil
        let faults = try script.map { path in
            do { return try FaultScript(String(contentsOfFile: path, encoding: .utf8)) } catch {
                throw ValidationError("\(path): \(error)")
            }
        }
        let simulator = try await FlySimulator.start(options)
        if let faults { simulator.inject(faults) }
        if verbose {
            simulator.onCall { call, phase in
                if phase == .after { Self.say("\(call)") }
                return .proceed
            }
        }
        Self.say(simulator.url)
        try await simulator.wait()
    }

    /// At once, also into a pipe.
    private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
