/// Errors as the API words them: this table is the only place with their texts. Wordings marked `[?]` in the
/// contract are guesses in the same style.
struct Refusal: Error {
    var status: Int
    var error: String
    /// The machine-readable `status` field, where there is one.
    var code: String?

    init(_ status: Int, _ error: String, code: String? = nil) {
        self.status = status
        self.error = error
        self.code = code
    }

    var body: String {
        let status = code.map { ",\"status\":\(JSON.quoted($0))" } ?? ""
        return "{\"error\":\(JSON.quoted(error))\(status)}"
    }
}

extension Refusal {
    static let badToken = Refusal(401, "Authenticate: token validation error")
    static let badBody = Refusal(400, "invalid_argument: unable to parse request body")
    static let noRoute = Refusal(404, "404 page not found")
    static let rateLimited = Refusal(429, "rate limit exceeded")
    static func invalid(_ what: String) -> Refusal { Refusal(400, "invalid_argument: \(what)") }
    static func unprocessable(_ what: String) -> Refusal { Refusal(422, "Validation failed: \(what)") }

    // Apps
    static let noApp = Refusal(404, "app not found")
    static let foreignApp = Refusal(403, "unauthorized")
    static let noOrg = Refusal(404, "organization not found")
    static let appNameTaken = Refusal(422, "Validation failed: Name has already been taken", code: "name_taken")
    static let badAppName = unprocessable("Name under 63 chars using numbers, lowercase letters and dashes")
    static let appHasMachines = Refusal(412, "failed_precondition: app has running machines, use force")
    static let addressTaken = Refusal(409, "conflict: app already has a shared IPv4 address")
    static let noAddress = Refusal(404, "ip address not found")
    static let noSecret = Refusal(404, "secret not found")

    // Volumes
    static let noVolume = Refusal(404, "volume not found")
    static let shrink = unprocessable("size_gb must be larger than the current size")
    static func volumeAttached(_ machine: String) -> Refusal {
        Refusal(409, "conflict: volume is currently attached to machine: \(machine)")
    }
    static func volumeTaken(_ volume: String, by machine: String) -> Refusal {
        Refusal(412, "failed_precondition: volume '\(volume)' is already attached to machine \(machine)")
    }
    static func volumeElsewhere(_ volume: String, _ region: String) -> Refusal {
        Refusal(422, "invalid_argument: volume '\(volume)' is in region \(region)")
    }

    // Machines
    static let noMachine = Refusal(404, "machine not found")
    static func machineNameTaken(id: String, name: String) -> Refusal {
        Refusal(
            409,
            "already_exists: unique machine name violation, machine ID \(id) already exists with name \"\(name)\"")
    }
    static func wrongState(_ verb: String, _ state: String) -> Refusal {
        Refusal(412, "failed_precondition: unable to \(verb) machine from current state: '\(state)'")
    }
    static func replacing(_ verb: String) -> Refusal {
        Refusal(412, "failed_precondition: machine getting replaced, refusing to \(verb)")
    }
    static let concurrentUpdate = Refusal(409, "aborted: machine update failed due to concurrent update")
    static let metadataMoved = Refusal(412, "failed_precondition: machine version does not match")
    static let hostUnreachable = Refusal(503, "unavailable: host is currently unreachable")
    static func secretsBehind(_ wanted: Int, _ known: Int) -> Refusal {
        Refusal(412, "failed_precondition: host has secrets version \(known), \(wanted) required")
    }
    static func deadline(_ wanted: String, _ state: String) -> Refusal {
        Refusal(
            408, "deadline_exceeded: machine failed to reach desired state, \(wanted), currently \(state)")
    }

    // Leases
    static let noLease = Refusal(404, "lease not found")
    static func leased(_ machine: String, owner: String, until: String) -> Refusal {
        Refusal(409, "machine ID \(machine) lease currently held by \(owner), expires at \(until)")
    }

    // Capacity, in three scopes, and the quota
    static let regionFull = Refusal(422, "could not find a candidate host", code: "insufficient_capacity")
    static func volumeHostFull(_ volume: String) -> Refusal {
        Refusal(
            412, "insufficient resources to create new machine with existing volume id '\(volume)'",
            code: "volume_placement_capacity")
    }
    static let hostFull = Refusal(
        409, "aborted: could not reserve resource for machine: insufficient memory available to fulfill request")
    static func quota(_ org: String, _ region: String) -> Refusal {
        Refusal(
            403, "organization \"\(org)\" is using 40960 MB of memory in \(region) which is over the allowed quota")
    }
}
