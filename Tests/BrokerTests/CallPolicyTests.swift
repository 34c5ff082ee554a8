import Testing

@testable import Broker

@Suite("Which calls are let through") struct CallPolicyTests {
    @Test(arguments: [
        ("GET", "/_ping", "", "/_ping"), ("GET", "/v1.41/version", "", "/v1.41/version"),
        ("POST", "/v1.41/containers/pa-ada/start", "", "/v1.41/containers/\(ours)/start"),
        ("POST", "/v1.41/containers/pa%2Dada/stop?t=30", "", "/v1.41/containers/\(ours)/stop?t=30"),
        ("DELETE", "/v1.41/containers/\(ours)?force=1&v=1", "", "/v1.41/containers/\(ours)?force=1&v=1"),
        (
            "POST", "/v1.41/containers/pa-ada/rename?name=pa-ada.old", "",
            "/v1.41/containers/\(ours)/rename?name=pa-ada.old"
        ),
        (
            "GET", "/v1.41/containers/pa-ada/archive?path=%2Fa%20b", "",
            "/v1.41/containers/\(ours)/archive?path=%2Fa%20b"
        ),
        ("POST", "/v1.41/containers/pa-ada/exec", #"{"Cmd":["id"],"User":"root"}"#, "/v1.41/containers/\(ours)/exec"),
        ("POST", "/v1.41/exec/\(ours)/start", #"{"Detach":false,"Tty":false}"#, "/v1.41/exec/\(ours)/start"),
        (
            "GET", "/v1.41/images/ghcr.io/openclaw/openclaw%3A1/json", "",
            "/v1.41/images/ghcr.io/openclaw/openclaw%3A1/json"
        ),
        (
            "POST", "/v1.41/images/create?fromImage=ghcr.io%2Fa%2Fb&tag=1", "",
            "/v1.41/images/create?fromImage=ghcr.io%2Fa%2Fb&tag=1"
        ),
        ("POST", "/v1.41/containers/pa-ada/unpause", "", "/v1.41/containers/\(ours)/unpause"),
        ("DELETE", "/v1.41/networks/team", "", "/v1.41/networks/\(ours)"),
        ("DELETE", "/v1.41/volumes/data", "", "/v1.41/volumes/data"),
    ]) func oursIsForwardedByItsID(method: String, target: String, body: String, sent: String) throws {
        let call = Call(method, target, body)
        #expect(call.forwarded(known)?.target == sent, "\(call.judged(known))")
    }

    @Test(arguments: [
        "start", "stop", "restart", "kill", "unpause", "wait", "update", "rename?name=xy", "exec",
    ]) func foreignContainersAreNotTouched(verb: String) throws {
        for name in ["nginx", theirs] {
            let body = verb == "exec" ? #"{"Cmd":["id"]}"# : verb == "update" ? "{}" : ""
            let refusal = try #require(Call("POST", "/v1.41/containers/\(name)/\(verb)", body).refusal(known))
            #expect(refusal == Refusal("container \(name) has no label converged.owner"))
        }
    }

    @Test(arguments: [
        ("GET", "/v1.41/containers/nginx/logs?stdout=1"), ("GET", "/v1.41/containers/nginx/archive?path=/"),
        ("PUT", "/v1.41/containers/nginx/archive?path=/"), ("HEAD", "/v1.41/containers/nginx/archive?path=/"),
        ("GET", "/v1.41/containers/nginx/top"), ("DELETE", "/v1.41/containers/nginx"),
        ("DELETE", "/v1.41/networks/prod"), ("GET", "/v1.41/networks/prod"), ("DELETE", "/v1.41/volumes/crm-db"),
        ("GET", "/v1.41/exec/\(theirs)/json"),
    ]) func foreignThingsAreNotSeen(method: String, target: String) {
        #expect(Call(method, target).refusal(known)?.status == 403)
    }

    @Test func ofAForeignContainerOnlyTheNameIsTold() throws {
        guard case .answer(let seen) = Call("GET", "/v1.41/containers/nginx/json").judged(known) else {
            throw Refusal("no answer")
        }
        #expect(seen["Name"]?.text == "/nginx" && seen["Id"]?.text == theirs)
        #expect(seen["Config"] == .object([.init("Image", .text("")), .init("Labels", .object([]))]))
    }

    @Test func whatIsNotThereIsSaidByDocker() {
        let call = Call("POST", "/v1.41/containers/gone/start")
        #expect(
            call.judged(known)
                == .relay(Relayed(status: 404, body: Array(#"{"message":"No such container: gone"}"#.utf8))))
    }

    @Test(arguments: [
        ("POST", "/v1.41/build"), ("POST", "/v1.41/commit?container=pa-ada"), ("POST", "/v1.41/session"),
        ("POST", "/grpc"),
        ("GET", "/v1.41/secrets"), ("POST", "/v1.41/swarm/init"), ("POST", "/v1.41/plugins/pull"),
        ("POST", "/v1.41/auth"),
        ("POST", "/v1.41/containers/pa-ada/attach"), ("GET", "/v1.41/containers/pa-ada/attach/ws"),
        ("GET", "/v1.41/containers/pa-ada/export"), ("POST", "/v1.41/containers/prune"),
        ("POST", "/v1.41/volumes/prune"),
        ("POST", "/v1.41/networks/team/connect"), ("POST", "/v1.41/images/load"), ("POST", "/v1.41/images/x1/push"),
        ("DELETE", "/v1.41/images/x1"), ("GET", "/v1.41/images/get"), ("GET", "/v1.41/system/df"),
        ("GET", "/v1.41/debug/pprof"),
        ("PUT", "/v1.41/containers/pa-ada/start"), ("get", "/_ping"), ("CONNECT", "/_ping"),
        ("POST", "/v1.41/exec/\(ours)/resize"),
    ]) func whatWeDoNotDoIsRefused(method: String, target: String) {
        #expect(Call(method, target).refusal(known) != nil)
    }

    @Test(arguments: [
        "containers/pa-ada/json", "http://x/v1.41/version", "/v1.41/containers/nginx%2Fjson", "/v1.41/containers//json",
        "/v1.41/containers/pa-ada/../nginx/json", "/v1.41/containers/%2e%2e/json", "/v1.41/containers/pa-ada%00/json",
        "/v1.41/containers/a1a1/json", "/v1.41/containers/pa-ada/json?size=1", "/v1.41/containers/pa-ada/json#x",
        "/v1.41/Containers/pa-ada/json", "/v1.24/containers/pa-ada/json", "/v1.99/containers/pa-ada/json",
        "/v1.041/containers/pa-ada/json/x", "/v2.0/containers/pa-ada/json", "/v1/containers/pa-ada/json",
        "/containers/pa-ada/json", "/v1.41/v1.41/containers/pa-ada/json", "/v1.41/containers/pa-ada/json/",
        "/v1.41/_ping",
        "/v1.41/containers/%zz/json", "/v1.41/containers/%ff%fe/json", "/v1.41/containers/pa-ada/top?ps_args=-o",
        "/v1.41/containers/pa-ada/logs?stdout=1&stdout=0", "/v1.41/containers/pa-ada/logs?stdout",
        "/v1.41/images/../json",
        "/v1.41/containers/pa-ada/archive?path=/a/../../b", "/v1.41/containers/pa-ada/archive?path=b",
        "/v1.41/containers/pa-ada/archive", "/v1.41/containers/json?filters={}&filters={}", "/v1.41/images/%2Fetc/json",
        "/v1.41/containers/json?filters=%7B%22ancestor%22%3A%5B%22x%22%5D%7D", "/v1.41/events?filters=x",
        "/v1.41/containers/json?filters=%7B%22label%22%3A%7B%22a%22%3Atrue%7D%7D",
        "/v1.41/containers/pa-ada/logs?tail=-1",
    ]) func targetsWithTricksAreRefused(target: String) {
        #expect(Call("GET", target).refusal(known) != nil, "\(target)")
    }

    @Test func aRefusedVersionIsSaidAsDockerSaysIt() throws {
        let new = try #require(Call("GET", "/v1.999/version").refusal())
        #expect(new.status == 400 && new.why.hasPrefix("client version 1.999 is too new."))
    }

    @Test(arguments: [
        ("/v1.41/containers/json?all=1", #"{"label":["converged.owner"]}"#),
        ("/v1.41/events", #"{"label":["converged.owner"]}"#),
        (
            "/v1.41/networks?filters=%7B%22name%22%3A%5B%22%5Ex%24%22%5D%7D",
            #"{"name":["^x$"],"label":["converged.owner"]}"#
        ),
        ("/v1.41/volumes?filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%7D", #"{"label":["a=b","converged.owner"]}"#),
    ]) func listsShowOnlyOurs(target: String, filters: String) throws {
        let sent = try #require(Call("GET", target).forwarded()?.target)
        #expect(sent.hasSuffix("filters=" + percentEncoded(filters)), "\(sent)")
    }

    @Test(arguments: [
        #"{"Cmd":["id"],"Privileged":true}"#, #"{"Cmd":["id"],"Tty":true}"#, #"{"Cmd":["id"],"AttachStdin":true}"#,
        #"{"Cmd":["id"],"User":"a b"}"#, #"{"Cmd":["id"],"privileged":true}"#, #"{"Cmd":"id"}"#, "{}", "", "[]",
        #"{"Cmd":["id"],"DetachKeys":"x"}"#,
    ]) func execsWithoutPrivileges(body: String) {
        #expect(Call("POST", "/v1.41/containers/pa-ada/exec", body).refusal(known) != nil)
    }

    @Test(arguments: [
        ("/v1.41/containers/pa-ada/start", #"{"HostConfig":{"Privileged":true}}"#),
        ("/v1.41/containers/pa-ada/update", #"{"Devices":[]}"#), ("/v1.41/images/create?fromImage=a1", ""),
        ("/v1.41/images/create?fromSrc=-&tag=1", "x"), ("/v1.41/images/create?fromImage=..%2Fx&tag=1", ""),
        ("/v1.41/images/create?fromImage=a1&tag=1&changes=X", ""),
        ("/v1.41/volumes/create", #"{"Name":"crm-db","Labels":{"converged.owner":"pa/x"}}"#),
        ("/v1.41/volumes/create", #"{"Name":"new","Labels":{}}"#),
        ("/v1.41/volumes/create", #"{"Name":"new","Labels":{"converged.owner":"pa/x"},"DriverOpts":{"o":"bind"}}"#),
        ("/v1.41/networks/create", #"{"Name":"nn","Driver":"macvlan","Labels":{"converged.owner":"pa/x"}}"#),
        (
            "/v1.41/networks/create",
            #"{"Name":"nn","Driver":"bridge","Options":{},"Labels":{"converged.owner":"pa/x"}}"#
        ),
        ("/v1.41/containers/create?name=abcdef", "{}"), ("/v1.41/containers/create", "{}"),
    ]) func bodiesAndQueriesAreNarrow(target: String, body: String) {
        #expect(Call("POST", target, body).refusal(known) != nil)
    }

    @Test func aVolumeIsMadeUnlessItIsForeign() {
        let body = #"{"Name":"new","Labels":{"converged.owner":"service/x"}}"#
        #expect(Call("POST", "/v1.41/volumes/create", body).judged() == .look([.volume("new")]))
        #expect(Call("POST", "/v1.41/volumes/create", body).forwarded(known)?.target == "/v1.41/volumes/create")
    }
}
