/// Every setting there is. `--help`, the error lines, `doctor` and the reader all use this one table.
enum SettingTable {
    static let all: [Setting] = [
        .text(
            "database.url", \.database.url, "where Postgres is: a URI or a conninfo string, several hosts allowed",
            expected: "postgres://user@host/database, or key=value pairs", isSecret: true, isGood: isDatabaseURL),
        .integer("database.max_connections", \.database.maxConnections, "connections at most", in: 2...100),
        .choice("database.pooler", \.database.pooler, "transaction: behind PgBouncer in transaction mode"),
        .text(
            "fly.url", \.fly.urlText, "the Machines API",
            expected: "https://host/v1 (http:// only for this host and Fly's private network)", isGood: isVendorURL),
        .text(
            "fly.org", \.fly.org, "the organisation that owns the apps; without it nothing is done at Fly",
            expected: "an organisation's slug, such as acme-1", isGood: isSlug),
        .number("fly.calls_per_second", \.fly.callsPerSecond, "of all calls together, per daemon", in: 0.1...1000),
        .integer("fly.survey_seconds", \.fly.surveySeconds, "from one survey of the fleet to the next", in: 1...86400),
        .integer(
            "fly.checkups_per_survey", \.fly.checkupsPerSurvey, "machines looked at one by one after a survey",
            in: 0...10000),
        .flag("fly.sweep_orphans", \.fly.sweepOrphans, "on: delete what carries our mark and has no row"),
        .integer(
            "fly.orphan_grace_seconds", \.fly.orphanGraceSeconds, "how long an orphan must have been seen before",
            in: 60...2_592_000),
        .text(
            "droplets", \.docker.droplets,
            "the droplets that this daemon serves; not set: all that are reached by TLS, with the credential docker-cert",
            expected: "names of droplets with commas between them", isGood: isDropletList),
        .text(
            "docker.host_name", \.docker.hostName,
            "what droplets' served_by calls this host; not set: its own name",
            expected: "a host's name", isGood: { !$0.isEmpty && $0.utf8.count <= 200 && !$0.contains(" ") }),
        .integer(
            "docker.survey_seconds", \.docker.surveySeconds, "from one survey of a droplet to the next", in: 1...86400),
        .integer("worker.concurrency", \.worker.concurrency, "jobs that run at once in this process", in: 1...1000),
        .integer("worker.grace_seconds", \.worker.graceSeconds, "how long jobs may go on after a stop", in: 0...600),
        .text(
            "backups.directory", \.backups.directory,
            "where back-ups of the droplets' data go; none are made without it",
            expected: "an absolute path", isGood: { $0.hasPrefix("/") && $0.count > 1 && !$0.hasSuffix("/") }),
        .integer("backups.keep_days", \.backups.keepDays, "older back-ups go, but never the newest", in: 1...3650),
        .integer(
            "backups.interval_hours", \.backups.intervalHours, "from one back-up of an object to the next", in: 1...720),
        .choice("log.level", \.log.level, "trace, debug, info, notice, warning, error, critical"),
        .text(
            "metrics.file", \.metrics.file, "where the daemon writes its metrics every 15 s, as Prometheus text",
            expected: "an absolute path", isGood: { $0.hasPrefix("/") && !$0.hasSuffix("/") }),
        .text(
            "credentials.dir", \.credentials.directory,
            "where secrets are when systemd passes none",
            expected: "an absolute path", isGood: { $0.hasPrefix("/") }),
    ]

    /// Read from the environment only: where the settings file is.
    static let fileVariable = Setting.prefix + "SETTINGS_FILE"

    private static func isDatabaseURL(_ text: String) -> Bool {
        if let scheme = text.firstRange(of: "://") {
            return ["postgres", "postgresql"].contains(text[..<scheme.lowerBound]) && scheme.upperBound < text.endIndex
        }
        return text.contains("=")
    }

    /// A token must not travel in clear over a network that others share.
    private static func isVendorURL(_ text: String) -> Bool {
        guard let scheme = text.firstRange(of: "://") else { return false }
        let host = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "@" }
        guard !host.isEmpty, text.allSatisfy({ $0.isASCII && !$0.isWhitespace && $0 != "@" }) else { return false }
        switch text[..<scheme.lowerBound] {
        case "https": return true
        case "http":
            let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
            return name == "localhost" || name == "[::1]" || name.hasPrefix("127.") || name.hasSuffix(".internal")
        default: return false
        }
    }

    private static func isDropletList(_ text: String) -> Bool {
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        return names.allSatisfy { !$0.isEmpty && $0.utf8.count <= 63 && isSlug($0) } && Set(names).count == names.count
    }

    private static func isSlug(_ text: String) -> Bool {
        text.count <= 64 && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
            && text.first != "-" && text.last != "-"
    }
}

extension Settings.Fly {
    /// The URL as a setting; one slash at its end is no difference.
    var urlText: String? {
        get { url }
        set { url = (newValue ?? url).hasSuffix("/") ? String((newValue ?? url).dropLast()) : newValue ?? url }
    }
}
