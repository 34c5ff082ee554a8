import ArgumentParser
import Operator

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "The versions of this binary, its schema and its libraries.",
        discussion: """
              converged version
              converged version --output json | jq .schema_version
            """)

    @OptionGroup var output: OutputOptions

    func run() throws {
        try Session.finish(try Libraries.version.show(on: output.console))
    }
}
