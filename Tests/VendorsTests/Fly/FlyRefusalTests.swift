import Foundation
import Outbound
import Testing

@testable import Vendors

/// What each refusal of the contract means, by its words and not by its status alone.
@Suite struct FlyRefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var status: Int
        var code: String?
        var text: String
        var action: FlyAction
        var kind: FlyError.Kind
        var testDescription: String { "\(status) \(action.rawValue) \(code ?? "") \(text.prefix(50))" }

        init(_ status: Int, _ action: FlyAction, _ text: String = "", code: String? = nil, _ kind: FlyError.Kind) {
            self.status = status
            self.code = code
            self.text = text
            self.action = action
            self.kind = kind
        }
    }

    static let names: [Case] = [
        Case(
            422, .createApp, "Validation failed: Name has already been taken", code: "name_taken",
            .nameTaken(existingID: nil)),
        Case(422, .createApp, "uniqueness constraint violated", .nameTaken(existingID: nil)),
        Case(
            422, .createApp, "Validation failed: Name under 63 chars using numbers, lowercase letters and dashes",
            .invalid),
        Case(
            409, .createMachine,
            "already_exists: unique machine name violation, machine ID 1857156b526dd8 already exists with name \"bot\"",
            .nameTaken(existingID: "1857156b526dd8")),
        Case(422, .createMachine, "unique machine name violation", .nameTaken(existingID: nil)),
    ]

    static let capacity: [Case] = [
        Case(
            422, .createMachine, "could not find a candidate host", code: "insufficient_capacity", .capacity(.region)),
        Case(503, .createMachine, "could not find a candidate host", .capacity(.region)),
        Case(409, .createMachine, "aborted: no capacity", .capacity(.region)),
        Case(400, .createMachine, "no capacity", .capacity(.region)),
        Case(
            412, .createMachine,
            "insufficient resources to create new machine with existing volume id 'vol_340088w293z35lp4'",
            .capacity(.volumeHost)),
        Case(412, .createMachine, "x", code: "volume_placement_capacity", .capacity(.volumeHost)),
        Case(
            409, .updateMachine,
            "aborted: could not reserve resource for machine: insufficient memory available to fulfill request",
            .capacity(.host)),
        Case(
            409, .updateMachine,
            "aborted: could not reserve resource for machine: insufficient CPUs available to fulfill request",
            .capacity(.host)),
        Case(
            403, .createMachine, "acme is using 8192 MB of memory in iad which is over the allowed quota",
            .capacity(.quota)),
    ]

    static let states: [Case] = [
        Case(
            412, .startMachine, "failed_precondition: machine getting replaced, refusing to start", .wrongState),
        Case(
            400, .startMachine, "failed_precondition: unable to start machine from current state: 'created'",
            .wrongState),
        Case(409, .updateMachine, "aborted: machine update failed due to concurrent update", .staleVersion),
        Case(412, .updateMachine, "", .staleVersion),
        Case(412, .stopMachine, "", .wrongState),
        Case(409, .deleteVolume, "volume is currently bound to machine: 1857156b526dd8", .conflict),
        Case(
            408, .waitMachine,
            "deadline_exceeded: machine failed to reach desired state, started, currently replacing",
            .timedOutWaiting(currently: "replacing")),
        Case(408, .waitMachine, "", .timedOutWaiting(currently: nil)),
        Case(
            409, .stopMachine,
            "machine ID 1857156b526dd8 lease currently held by a@b.c, expires at 2026-08-01T10:00:00Z",
            .leaseHeld(until: Date(timeIntervalSince1970: 1_785_578_400))),
        Case(
            409, .stopMachine, "lease currently held by a@b.c, expires at 2026-08-01T10:00:00.500Z",
            .leaseHeld(until: Date(timeIntervalSince1970: 1_785_578_400.5))),
        Case(409, .stopMachine, "lease currently held by a@b.c", .leaseHeld(until: nil)),
    ]

    static let general: [Case] = [
        Case(401, .getMachine, "Authenticate: token validation error", .unauthorized),
        Case(403, .getApp, "forbidden", .foreign),
        Case(403, .createMachine, "forbidden", .forbidden),
        Case(404, .getMachine, "machine not found", .notFound),
        Case(404, .getApp, "app not found", .notFound),
        Case(422, .createMachine, "invalid config.guest.memory_mb", .invalid),
        Case(400, .createVolume, "region eu is not valid", .invalid),
        Case(429, .getMachine, "no capacity to serve you", .rateLimited(retryAfterSeconds: nil)),
        Case(408, .createMachine, "", .outcomeUnknown),
        Case(408, .getMachine, "", .unavailable),
        Case(500, .createMachine, "", .outcomeUnknown),
        Case(502, .deleteMachine, "", .outcomeUnknown),
        Case(500, .getMachine, "", .unavailable),
        Case(503, .listOrgMachines, "", .unavailable),
    ]

    @Test(arguments: names + capacity + states + general)
    func aRefusalIsClassified(_ each: Case) {
        let refusal = FlyRefusal(status: each.status, code: each.code, text: each.text)
        #expect(refusal.kind(of: each.action) == each.kind)
    }

    @Test func noRefusalOfAMutationIsTakenForSuccessOrAbsenceByAccident() {
        for action in FlyAction.allCases where action.isMutation {
            for status in 500...599 {
                let kind = FlyRefusal(status: status).kind(of: action)
                #expect(kind == .outcomeUnknown, "\(action) \(status): a 5xx may have been processed")
            }
        }
    }

    @Test func aPageOfSomethingInBetweenProvesNoAbsence() {
        let html = Response(status: 404, headers: Headers(), body: Array("<html>not found</html>".utf8))
        #expect(FlyRefusal(html).kind(of: .getMachine) == .unavailable)
        let vendors = Response(status: 404, headers: Headers(), body: Array(#"{"error":"machine not found"}"#.utf8))
        #expect(FlyRefusal(vendors).kind(of: .getMachine) == .notFound)
    }

    @Test func theErrorKeepsTheRequestIDAndIsBounded() {
        let body = Array(#"{"error":"\#(String(repeating: "x", count: 5000))","status":"unknown"}"#.utf8)
        let response = Response(
            status: 422, headers: Headers([("Fly-Request-Id", "01ABC-iad")]), body: body, requestID: "01ABC-iad")
        let error = FlyRefusal(response).error(of: .createMachine, target: "app")
        #expect(error.requestID == "01ABC-iad")
        #expect(error.message.count == 300)
        #expect(error.description.contains("01ABC-iad"))
        #expect(error.isTerminal)
    }

    @Test func whatWasNotSentIsHarmless() {
        let unsent = FlyRefusal.classify(.notSent("x"), of: .createVolume, target: "a")
        #expect(unsent.kind == .unavailable && unsent.isSurelyUnchanged)
        let lost = FlyRefusal.classify(.outcomeUnknown("x"), of: .createVolume, target: "a")
        #expect(lost.kind == .outcomeUnknown && !lost.isSurelyUnchanged)
        let read = FlyRefusal.classify(.outcomeUnknown("x"), of: .getVolume, target: "a")
        #expect(read.kind == .unavailable)
    }
}
