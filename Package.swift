// swift-tools-version: 6.2
import PackageDescription

/// Layers are targets: an arrow that is not written here does not compile, and `HouseTests` reads the same
/// arrows from the sources. Traits stay lean because everyone pays for a clean build.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let server = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")

func room(_ name: String, _ uses: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: uses, swiftSettings: settings)
}

func tests(_ name: String, _ uses: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: uses, swiftSettings: settings)
}

/// Code that only tests, the demo and the benchmark use lives under `Tests/`.
func bench(_ name: String, _ uses: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: uses, path: "Tests/\(name)", swiftSettings: settings)
}

func program(_ name: String, _ folder: String, _ uses: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: uses, path: "Tests/\(folder)", swiftSettings: settings)
}

let package = Package(
    name: "converged",
    products: [.executable(name: "converged", targets: ["converged"])],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),

        .executableTarget(name: "EmbedFiles", swiftSettings: settings),
        .plugin(name: "EmbedSQL", capability: .buildTool(), dependencies: ["EmbedFiles"], path: "Sources/EmbedSQL"),
        .target(name: "Schema", swiftSettings: settings, plugins: ["EmbedSQL"]),

        room("Postgres", ["CPostgres", log, collections, crypto]),
        room("Outbound", ["CCurl", log, collections, heap]),
        room("Systemd", ["CSystemd", log, system]),
        room("Queue", ["Postgres", log]),
        room("Vendors", ["Outbound", log]),
        room("Reconcilers", ["Queue", "Postgres", "Vendors", crypto, log]),
        room("Broker", ["Outbound", server, log]),
        room("Operator", ["Queue", "Postgres", "Schema", arguments]),
        .executableTarget(
            name: "converged",
            dependencies: [
                "Postgres", "Outbound", "Systemd", "Queue", "Vendors", "Reconcilers", "Operator", "Schema",
                "Broker", log, system, lifecycle, signals, configuration, arguments,
            ],
            swiftSettings: settings),

        bench("Support", ["Postgres", "Schema", log]),
        bench("Inbox", ["CSystemd", "Support", system]),
        bench("Simulators", [hummingbird, heap, log]),
        program("demo", "Demo", ["Support", "Simulators", "Postgres", "converged", log]),
        program("notify-probe", "NotifyProbe", ["Systemd", log, system]),
        program("queue-worker", "QueueWorker", ["Queue", "Postgres", log]),
        program(
            "bench", "Bench",
            ["Support", "Simulators", "Queue", "Postgres", "CPostgres", "converged", log, signals]),

        program("fly-simulator", "FlySimulator", ["Simulators", arguments]),

        tests("SimulatorsTests", ["Simulators", "Support"]),
        tests("PostgresTests", ["Postgres", "Support"]),
        tests("OutboundTests", ["Outbound", "Simulators", "Support"]),
        tests("SystemdTests", ["Systemd", "Inbox", "Support", log, system]),
        tests("SchemaTests", ["Schema", "Postgres", "Support"]),
        tests("QueueTests", ["Queue", "Postgres", "Support"]),
        tests("VendorsTests", ["Vendors", "Outbound", "Simulators", "Support"]),
        tests("BrokerTests", ["Broker", "Vendors", "Outbound", "Support", log]),
        tests(
            "ReconcilersTests",
            ["Reconcilers", "Queue", "Postgres", "Vendors", "Outbound", "Simulators", "Support", log]),
        tests("OperatorTests", ["converged", "Operator", "Postgres", "Systemd", "Support", log]),
        tests(
            "PathTests",
            ["Inbox", "Reconcilers", "Queue", "Vendors", "Outbound", "Postgres", "Simulators", "Support", log]),
        tests("HouseTests", []),
    ],
    swiftLanguageModes: [.v6]
)
