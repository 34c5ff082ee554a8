import Testing

@testable import Broker

@Suite("What a container may be made of") struct CreatePolicyTests {
    @Test(arguments: [
        create(), create(host: #""Binds":["/opt/mypa/agents/pa-ada/data:/home/node/.openclaw:rw"]"#),
        create(
            host: #""Mounts":[{"Type":"bind","Source":"/opt/mypa/agents/pa-ada/data","Target":"/x","ReadOnly":true}]"#),
        create(host: #""Binds":["data:/var/lib:ro"],"SecurityOpt":["no-new-privileges:true"],"CapDrop":["ALL"]"#),
        create(host: #""PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"3100"}]}"#, network: "bridge"),
        create(top: #""NetworkingConfig":{"EndpointsConfig":{"team":{"Aliases":["db"]}}}"#, network: "team"),
        create(host: #""Memory":536870912,"MemorySwap":-1,"NanoCpus":1500000000,"PidsLimit":512"#),
        create(host: #""RestartPolicy":{"Name":"unless-stopped","MaximumRetryCount":0},"Init":true"#),
        create(host: #""LogConfig":{"Type":"json-file","Config":{"max-size":"10m"}},"Tmpfs":{"/tmp":"size=64m"}"#),
        create(host: #""Privileged":false,"CapAdd":null,"ExtraHosts":["relay:host-gateway"],"ReadonlyRootfs":true"#),
        create(top: #""Cmd":["node","x"],"Env":["A=b"],"User":"1000:1000","Hostname":"ada","WorkingDir":"/app""#),
    ]) func oursIsForwarded(call: Call) throws {
        #expect(call.forwarded(known)?.action == "create-container", "\(call.judged(known))")
    }

    @Test(arguments: [
        (#""Privileged":true"#, "Privileged may only be false"), (#""privileged":true"#, "privileged is not allowed"),
        (#""PRIVILEGED":true"#, "not allowed"), (#""Privileged":false,"Privileged":true"#, "comes twice"),
        (#""Privileged":false,"\u0050rivileged":true"#, "comes twice"), (#""Privileged":1"#, "wrong type"),
        (#""CapAdd":["SYS_ADMIN"]"#, "CapAdd has more than 0"), (#""Devices":[]"#, "Devices is not allowed"),
        (#""DeviceRequests":[]"#, "not allowed"), (#""DeviceCgroupRules":["a *:* rwm"]"#, "not allowed"),
        (#""PidMode":"host""#, "not allowed"), (#""IpcMode":"host""#, "not allowed"),
        (#""UsernsMode":"host""#, "not allowed"), (#""UTSMode":"host""#, "not allowed"),
        (#""CgroupnsMode":"host""#, "not allowed"), (#""CgroupParent":"/""#, "not allowed"),
        (#""VolumesFrom":["nginx"]"#, "not allowed"), (#""Runtime":"evil""#, "not allowed"),
        (#""Sysctls":{}"#, "not allowed"), (#""OomScoreAdj":-1000"#, "not allowed"),
        (#""Links":["nginx"]"#, "not allowed"),
        (#""MaskedPaths":[]"#, "not allowed"), (#""ReadonlyPaths":[]"#, "not allowed"),
        (#""AutoRemove":true"#, "not allowed"), (#""VolumeDriver":"x""#, "not allowed"),
        (#""SecurityOpt":["seccomp=unconfined"]"#, "no-new-privileges"),
        (#""SecurityOpt":["apparmor=unconfined"]"#, "no-new-privileges"),
        (#""SecurityOpt":["no-new-privileges:false"]"#, "no-new-privileges"),
        (#""SecurityOpt":["systempaths=unconfined"]"#, "no-new-privileges"),
        (#""LogConfig":{"Type":"syslog","Config":{}}"#, "json-file"),
        (#""LogConfig":{"Type":"json-file","Config":{"gelf-address":"x"}}"#, "max-size"),
        (#""PublishAllPorts":true"#, "may only be false"),
        (#""PortBindings":{"80/tcp":[{"HostPort":"22"}]}"#, "1024"),
        (#""PortBindings":{"0/tcp":[]}"#, "80/tcp"), (#""Memory":1.5"#, "not whole"),
        (#""Memory":"1""#, "wrong type"), (#""NanoCpus":-1"#, "not in"),
        (#""RestartPolicy":{"Name":"forever"}"#, "unless-stopped"), (#""Tmpfs":{"/x":"suid,exec"}"#, "size="),
        (#""\u212aernelMemory":1"#, "not allowed"),
    ]) func hostConfigurationsThatReachOutAreRefused(host: String, why: String) throws {
        let refusal = try #require(create(host: host).refusal(known), "\(host)")
        #expect(refusal.why.contains(why), "\(refusal.why)")
    }

    @Test(arguments: [
        "/", "/etc", "/var/run/docker.sock", "/run/docker.sock", "/run", "/proc", "/opt", "/opt/mypa",
        "/opt/mypa/agents",
        "/opt/mypa/agents/pa-ada", "/opt/mypa/agents/pa-ada/data/sub", "/opt/mypa/agents/../../data",
        "/opt/mypa/agents/./data", "/opt/mypa/agents//data", "/opt/mypa/agents/pa-ada/data/", "/opt/mypa/agents/*/data",
        "/opt/mypa/agents/pa-ada/data/../../../../../etc", "/opt/mypa/agents/.git/data", "/opt/twenty/.env",
        "/opt/twenty",
        "/opt/twenty/..", "/OPT/twenty/x", "/opt/twenty/x\\u0000", "/opt/twenty/\\u00e9", "/opt/twenty/x y",
        "//opt/twenty/x",
    ]) func foldersOfTheHostAreRefused(source: String) throws {
        let bind = create(host: #""Binds":["\#(source):/inside"]"#)
        #expect(bind.refusal(known) != nil)
        let mount = create(host: #""Mounts":[{"Type":"bind","Source":"\#(source)","Target":"/inside"}]"#)
        #expect(mount.refusal(known) != nil)
    }

    @Test(arguments: [
        #""Binds":["data:/x:rshared"]"#, #""Binds":["data:/x:rw,z"]"#, #""Binds":["data:/x:rw:rw"]"#,
        #""Binds":["data"]"#,
        #""Binds":["../etc:/x"]"#, #""Binds":["data:x"]"#, #""Binds":["data:/x/../y"]"#, #""Binds":["data:/proc/sys"]"#,
        #""Binds":["data:/"]"#, #""Binds":["crm-db:/x"]"#, #""Binds":["new:/x"]"#, #""Binds":[":/x"]"#,
        #""Binds":"data:/x""#,
        #""Mounts":[{"Type":"volume","Source":"crm-db","Target":"/x"}]"#,
        #""Mounts":[{"Type":"tmpfs","Source":"","Target":"/x"}]"#,
        #""Mounts":[{"Type":"npipe","Source":"x1","Target":"/x"}]"#,
        #""Mounts":[{"Type":"volume","Source":"/etc","Target":"/x"}]"#,
        #""Mounts":[{"Type":"volume","Source":"","Target":"/x"}]"#,
        #""Mounts":[{"Type":"volume","Source":"data","Target":"/x","VolumeOptions":{"DriverConfig":{"Options":{"o":"bind"}}}}]"#,
        #""Mounts":[{"Type":"bind","Source":"/opt/twenty/x","Target":"/x","BindOptions":{"Propagation":"rshared"}}]"#,
        #""Mounts":[{"type":"bind","source":"/","Target":"/x","Type":"volume","Source":"data"}]"#,
    ]) func otherMountsAreRefused(host: String) { #expect(create(host: host).refusal(known) != nil, "\(host)") }

    @Test(arguments: [
        "prod", "container:nginx", "Host", "HOST", "default", "", "host ", "ns:/proc/1/ns/net", "none\\u0000",
    ])
    func foreignNetworksAreRefused(network: String) {
        var facts = known
        for name in ["Host", "HOST", "default"] { facts[.network(name)] = .absent(Relayed(status: 404, body: [])) }
        #expect(create(network: network).refusal(facts) != nil)
    }

    @Test func endpointsNameTheSameNetwork() {
        let top = #""NetworkingConfig":{"EndpointsConfig":{"prod":{}}}"#
        #expect(create(top: top, network: "team").refusal(known) != nil)
        #expect(create(top: top).refusal(known) != nil)
        let both = #""NetworkingConfig":{"EndpointsConfig":{"team":{},"prod":{}}}"#
        #expect(create(top: both, network: "team").refusal(known) != nil)
        let address = #""NetworkingConfig":{"EndpointsConfig":{"team":{"IPAMConfig":{}}}}"#
        #expect(create(top: address, network: "team").refusal(known) != nil)
    }

    @Test(arguments: [
        "{}", "null", #"{"converged.owner":""}"#, #"{"converged.owner":"root/x"}"#, #"{"Converged.owner":"pa/x"}"#,
        #"{"converged.owner":"pa/x/../y"}"#, #"{"converged.owner":"pa/x","a b":"c"}"#, #"{"converged.owner":["pa/x"]}"#,
    ]) func theOwnerHasToBeNamed(labels: String) { #expect(create(labels: labels).refusal(known) != nil) }

    @Test func secretsAreNotInRefusals() throws {
        let refusal = try #require(create(top: #""Env":["TOKEN=hush\u0000"],"Nope":"hush""#).refusal(known))
        #expect(!refusal.why.contains("hush"), "\(refusal.why)")
    }

    /// Whatever was odd about the text is gone from what Docker reads.
    @Test func theBodyIsWrittenAnew() throws {
        let forwarded = try #require(create(host: #" "CapAdd" : null , "Init" :true"#).forwarded(known))
        let body =
            #"{"Image":"ghcr.io/openclaw/openclaw:1","Labels":{"converged.owner":"pa/1d4f06a2"},"#
            + #""HostConfig":{"NetworkMode":"host","Init":true}}"#
        #expect(forwarded.body == .json(Array(body.utf8)))
        #expect(forwarded.target == "/v1.41/containers/create?name=pa-ada")
    }

    @Test func volumesAndNetworksAreLookedAtFirst() {
        let call = create(host: #""Binds":["data:/x"]"#, network: "team")
        #expect(call.judged() == .look([.network("team"), .volume("data")]))
        #expect(create(host: #""Binds":["new:/x"]"#).refusal(known)?.status == 404)
    }
}
