import Support
import Testing

@testable import Outbound

@Suite("A breaker opens on failures in a row and closes by one probe")
struct BreakerTests {
    private let settings = BreakerSettings(
        failures: 3, window: .seconds(10), open: .seconds(2), maxOpen: .seconds(15))

    private func ticket(_ breaker: inout Breaker, at now: Moment) throws -> Breaker.Ticket {
        guard case .go(let ticket) = breaker.admit(at: now) else { throw Failed() }
        return ticket
    }
    private struct Failed: Error {}

    @Test func theWholeWay() throws {
        var breaker = Breaker()
        let start = Moment.now
        for _ in 0..<3 { breaker.record(.failure, of: try ticket(&breaker, at: start), at: start, settings) }
        #expect(breaker.admit(at: start) == .refused(until: start.advanced(by: .seconds(2))))
        let later = start.advanced(by: .seconds(2))
        let probe = try ticket(&breaker, at: later)
        #expect(probe.isProbe)
        #expect(breaker.refusal(at: later) != nil)
        breaker.record(.failure, of: probe, at: later, settings)
        #expect(breaker.admit(at: later) == .refused(until: later.advanced(by: .seconds(4))))
        let last = later.advanced(by: .seconds(4))
        breaker.record(.success, of: try ticket(&breaker, at: last), at: last, settings)
        #expect(breaker.openUntil == nil)
        #expect(!(try ticket(&breaker, at: last)).isProbe)
    }

    @Test func aSuccessBetweenStartsTheCountAgain() throws {
        var breaker = Breaker()
        let now = Moment.now
        for result in [Breaker.Result.failure, .failure, .success, .failure, .failure] {
            breaker.record(result, of: try ticket(&breaker, at: now), at: now, settings)
        }
        #expect(breaker.openUntil == nil)
    }

    @Test func aCancelledProbeLeavesItsPlace() throws {
        var breaker = Breaker()
        let now = Moment.now
        for _ in 0..<3 { breaker.record(.failure, of: try ticket(&breaker, at: now), at: now, settings) }
        let later = now.advanced(by: .seconds(2))
        breaker.record(.unknown, of: try ticket(&breaker, at: later), at: later, settings)
        #expect(try ticket(&breaker, at: later).isProbe)
    }

    /// Random callers with late answers, against what must always hold.
    @Test func randomSteps() async throws {
        var dice = Seed()
        var breaker = Breaker()
        var now = Moment.now
        var out: [Breaker.Ticket] = []
        var liveProbe: Breaker.Ticket?
        var run: [Moment] = []
        for step in 0..<20_000 {
            if step.isMultiple(of: 500) { await Task.yield() }
            now = now.advanced(by: .milliseconds(dice.roll(800)))
            if dice.roll(2) == 0 {
                let before = breaker
                switch breaker.admit(at: now) {
                case .refused(let until):
                    #expect(until > now)
                    #expect(breaker == before, "a refusal changes nothing")
                case .go(let ticket):
                    if ticket.isProbe {
                        #expect(liveProbe == nil, "two probes at once")
                        #expect(before.openUntil.map { $0 <= now } == true, "a probe before its time")
                        liveProbe = ticket
                    }
                    out.append(ticket)
                }
            } else if !out.isEmpty {
                let ticket = out.remove(at: dice.roll(out.count))
                let result = [Breaker.Result.success, .failure, .failure, .failure, .unknown][dice.roll(5)]
                let before = breaker
                breaker.record(result, of: ticket, at: now, settings)
                check(before, breaker, ticket, result, liveProbe, &run, now)
                if ticket == liveProbe { liveProbe = nil }
            }
        }
    }

    private func check(
        _ before: Breaker, _ after: Breaker, _ ticket: Breaker.Ticket, _ result: Breaker.Result,
        _ liveProbe: Breaker.Ticket?, _ run: inout [Moment], _ now: Moment
    ) {
        if ticket.isProbe {
            #expect(ticket == liveProbe, "only one probe is out")
            switch result {
            case .success: #expect(after.openUntil == nil)
            case .failure: #expect(after.openUntil.map { $0 > now && $0 <= now.advanced(by: settings.maxOpen) } == true)
            case .unknown: #expect(after.openUntil == now)
            }
            run = []
            return
        }
        if before.openUntil != nil {
            #expect(after == before, "an answer from before it opened counts no more")
            return
        }
        if before == after { return }
        run.removeAll { $0.advanced(by: settings.window) <= now }
        if result == .success { run = [] }
        if result == .failure { run.append(now) }
        #expect((after.openUntil != nil) == (run.count >= settings.failures))
        if after.openUntil != nil { run = [] }
    }

    @Test func theTableIsBounded() async {
        var table = BreakerTable(settings, maxBreakers: 100)
        var now = Moment.now
        for index in 0..<10_000 {
            if index.isMultiple(of: 500) { await Task.yield() }
            now = now.advanced(by: .seconds(1))
            if case .go(let ticket) = table.admit("droplet/\(index)", at: now) {
                table.record(.failure, for: "droplet/\(index)", ticket, at: now)
            }
            #expect(table.count <= 100)
        }
    }

    /// A peer that says 500 when it could not do what it was asked is not down.
    @Test(arguments: [true, false]) func serverErrorsCountUnlessTheyAreAnswers(doTheyCount: Bool) async throws {
        let server = try LoopbackServer { peer, _ in
            peer.respond(500)
            return .keep
        }
        defer { server.stop() }
        let outbound = makeOutbound { $0.breakers = settings }
        let request = Request(
            method: "POST", url: server.url, breaker: "docker", breaksOnServerErrors: doTheyCount, retry: .mutation)
        for _ in 0..<settings.failures { #expect(try await outbound.send(request).status == 500) }
        let next = await outboundError { try await outbound.send(request) }
        #expect((next?.isRefused == true) == doTheyCount)
        #expect(await outbound.counters().openBreakers.isEmpty != doTheyCount)
    }
}
