import Foundation
import Support
import Testing

@testable import Outbound

@Suite("What is repeated, and when")
struct RepeatRuleTests {
    private static let sent = Failure(kind: .connection, wasSent: true, text: "")
    private static let unsent = Failure(kind: .connection, wasSent: false, text: "")

    private func wait(
        _ retry: RetryClass, _ ending: RepeatRule.Ending, attempt: Int = 1, remaining: Duration? = .seconds(60),
        chance: Double = 0.5
    ) -> Duration? {
        RepeatRule(retry: retry).wait(after: ending, attempt: attempt, remaining: remaining, chance: chance)
    }

    @Test func byClass() {
        for status in [200, 404, 408, 429, 500, 502, 503, 504] {
            let ending = RepeatRule.Ending.response(status: status, retryAfter: nil)
            #expect(wait(.never, ending) == nil)
            #expect((wait(.read, ending) != nil) == [429, 502, 503, 504].contains(status))
            #expect((wait(.mutation, ending) != nil) == (status == 429))
        }
        #expect(wait(.mutation, .failure(Self.unsent)) != nil)
        #expect(wait(.mutation, .failure(Self.sent)) == nil)
        #expect(wait(.read, .failure(Self.sent)) != nil)
        for kind in [Failure.Kind.cancelled, .setting, .tooLarge, .totalTimeout] {
            #expect(wait(.read, .failure(Failure(kind: kind, wasSent: false, text: ""))) == nil)
        }
    }

    @Test func attemptsAndDeadlineEndIt() {
        #expect(wait(.read, .failure(Self.sent), attempt: 3) != nil)
        #expect(wait(.read, .failure(Self.sent), attempt: 4) == nil)
        #expect(wait(.read, .failure(Self.sent), remaining: .milliseconds(100)) == nil)
        #expect(wait(.read, .failure(Self.sent), remaining: nil) != nil)
    }

    @Test func jitterIsFullAndRetryAfterIsALowerBound() {
        #expect(wait(.read, .failure(Self.sent), chance: 0) == .zero)
        #expect(wait(.read, .failure(Self.sent), attempt: 3, chance: 0.999)! < .seconds(1))
        let told = RepeatRule.Ending.response(status: 503, retryAfter: .seconds(7))
        #expect(wait(.read, told, chance: 0) == .seconds(7))
        #expect(wait(.read, told, remaining: .seconds(6)) == nil)
    }

    @Test func retryAfterForms() {
        let now = Date(timeIntervalSince1970: 784_111_777)
        #expect(RetryAfter.seconds("120", now: now) == 120)
        #expect(RetryAfter.seconds(" 0 ", now: now) == 0)
        #expect(RetryAfter.seconds("Sun, 06 Nov 1994 08:49:37 GMT", now: now) == 0)
        #expect(RetryAfter.seconds("Sun, 06 Nov 1994 08:50:07 GMT", now: now) == 30)
        #expect(RetryAfter.seconds("Thu, 29 Feb 2024 00:00:00 GMT", now: now) == 925_053_023.0)
        for text in ["", "-1", "soon", "1.5", "99999999999", "Sun, 06 Xxx 1994 08:49:37 GMT", "a b c d e GMT"] {
            #expect(RetryAfter.seconds(text, now: now) == nil, "\(text)")
        }
    }

    @Test func alarmsAgreeWithAPlainList() async {
        var dice = Seed()
        var alarms = Alarms()
        var plain: [UInt64: Moment] = [:]
        var now = Moment.now
        for step in 0..<20_000 {
            if step.isMultiple(of: 200) { await Task.yield() }
            let number = UInt64(dice.roll(200))
            switch dice.roll(3) {
            case 0:
                let at = now.advanced(by: .milliseconds(dice.roll(500)))
                alarms.set(number, at: at)
                plain[number] = at
            case 1:
                alarms.clear(number)
                plain[number] = nil
            default:
                now = now.advanced(by: .milliseconds(dice.roll(20)))
                let due = Set(plain.filter { $0.value <= now }.keys)
                #expect(Set(alarms.expired(at: now)) == due)
                for each in due { plain[each] = nil }
                if let first = plain.values.min() { #expect(alarms.next! <= first) }
            }
        }
    }
}
