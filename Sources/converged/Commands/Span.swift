import ArgumentParser

/// A span of time on the command line: `90s`, `5m`, `2h`, `7d`.
struct Span: ExpressibleByArgument {
    let seconds: Int

    init?(argument: String) {
        let sizes: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = argument.last, let size = sizes[unit], let count = Int(argument.dropLast()), count >= 0 else {
            return nil
        }
        let (seconds, isTooLarge) = count.multipliedReportingOverflow(by: size)
        guard !isTooLarge, seconds <= 100 * 365 * 86400 else { return nil }
        self.seconds = seconds
    }
}
