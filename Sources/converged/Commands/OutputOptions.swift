import ArgumentParser
import Glibc
import Operator

extension OutputFormat: ExpressibleByArgument {}

/// `--output`, which every verb understands.
struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "table for people, json for programs: one document.")
    var output = OutputFormat.table

    /// Standard output, seen at once also by a pipe; lines are cut to the terminal's width only where there is a terminal.
    var console: Console {
        Console(format: output, width: Self.terminalWidth) {
            print($0, terminator: "")
            fflush(nil)
        }
    }

    private static var terminalWidth: Int? {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }
}
