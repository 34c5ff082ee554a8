import Testing

/// Which room may use which: the arrows of the design, read from the sources.
@Suite struct ArrowTests {
    static let arrows: [String: Set<String>] = [
        "CPostgres": [], "CCurl": [], "CSystemd": [], "EmbedFiles": [], "EmbedSQL": [], "Schema": [],
        "Postgres": ["CPostgres"],
        "Outbound": ["CCurl"],
        "Systemd": ["CSystemd"],
        "Queue": ["Postgres"],
        "Vendors": ["Outbound"],
        "Reconcilers": ["Queue", "Postgres", "Vendors"],
        "Broker": ["Outbound"],
        "Operator": ["Queue", "Postgres", "Schema"],
        "converged": [
            "Postgres", "Outbound", "Systemd", "Queue", "Vendors", "Reconcilers", "Operator", "Schema", "Broker",
        ],
    ]

    @Test func roomsUseOnlyWhatTheyMay() throws {
        let files = try House.swiftFiles(under: "Sources")
        #expect(!files.isEmpty)
        for file in files {
            let allowed = try #require(Self.arrows[file.room], "\(file.path): not a room of the design")
            let used = Set(file.imports).intersection(Self.arrows.keys).subtracting([file.room])
            #expect(used.isSubset(of: allowed), "\(file.path) uses \(used.subtracting(allowed).sorted())")
        }
    }

    @Test func simulatorsDoNotKnowOurClients() throws {
        for file in try House.swiftFiles(under: "Tests/Simulators") {
            let ours = Set(file.imports).intersection(Self.arrows.keys)
            #expect(ours.isEmpty, "\(file.path) uses \(ours.sorted()): a simulator is written from the contract alone")
        }
    }

    @Test func theDaemonDoesNotLoadAllOfFoundation() throws {
        let tools: Set<String> = ["EmbedFiles", "EmbedSQL"]
        for file in try House.swiftFiles(under: "Sources") where !tools.contains(file.room) {
            #expect(
                !file.imports.contains("Foundation"), "\(file.path): import FoundationEssentials, the rest costs memory"
            )
        }
    }

    @Test func subjectsMeetOnlyInSQL() throws {
        let subjects = ["Machines", "Survey"]
        for file in try House.swiftFiles(under: "Sources/Reconcilers") {
            let parts = file.path.split(separator: "/")
            guard parts.count > 3, subjects.contains(String(parts[2])) else { continue }
            for other in subjects where other != parts[2] {
                #expect(!file.text.contains("\(other)Reconciler("), "\(file.path) calls \(other)")
            }
        }
    }
}
