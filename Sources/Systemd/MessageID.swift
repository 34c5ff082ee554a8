/// What an operator can be told by the journal, as a closed set. Each case has an entry in
/// `units/converged.catalog` (so `journalctl -x` explains it in place) and a page `runbooks/<name>.md`; a test
/// holds the three together.
///
/// Layers that don't know systemd name a case in their log metadata: `["message-id": "lease-lost"]`;
/// ``JournalLogHandler`` turns the name into the id.
public enum MessageID: String, Sendable, CaseIterable {
    case started = "e1224cb152674cf0a26f58e4e6712d1d"
    case stopping = "370795cc790841358e2bcc5d9641a93e"
    case settingsRefused = "b678c1b76787479b9a04d1608111e712"
    case reconcileBlocked = "3b21f10643804df48eed5fb0671b9db8"
    case reconcileFailing = "04b22dfb4857446b95263bbb163a369c"
    case leaseLost = "9fac43de59b14c9d902bc5265e7960c4"
    case workerRescued = "b470447c4b1e48fd806260ef6984bfb0"
    case watchdogStalled = "c1a6c8177afa47cb81e0c4516612208b"
    case databaseUnreachable = "1fbddb38c40f44b998e93bf7a10ee90c"
    case vendorUnavailable = "a82d0e4f153243b48b1320ebd267a80b"
    case populationDropped = "7ee1ba2fbd4f4772b7ae9f0cefb26016"
    case repairsHalted = "16195d43ffde4448a3d3830c8f268bc3"
    case rolloutHalted = "5c0e9a4de7f84b6b9d3a0c51f2e6b7a8"
    case orphansFound = "ab6e5ea6b1014082a8d3cef31aa1dcef"
    case jobDead = "a51ffdfd3d1241c588d0b6465366b8dc"
    case hostUnreachable = "9cf7eed25ec74707afc75a10b6e3b1fd"
    case capacityExhausted = "e9e90ab5fcf4445fac9b6912b5eafb85"

    /// The name for people, in log metadata and as the file name of the runbook page: `lease-lost`.
    public var name: String {
        var name = ""
        for character in String(describing: self) {
            if character.isUppercase { name.append("-") }
            name.append(character.lowercased())
        }
        return name
    }

    public init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
