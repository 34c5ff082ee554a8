import Postgres
import Support
import Testing

@testable import Queue

/// What `converged.next_tick` answers, spec by spec. Times are UTC; each list is the ticks one after the other.
@Suite struct TickTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var spec: String
        var zone: String
        var after: String
        var ticks: [String]

        init(_ spec: String, _ zone: String = "UTC", after: String, _ ticks: String...) {
            (self.spec, self.zone, self.after, self.ticks) = (spec, zone, after, ticks)
        }

        var testDescription: String { "\(spec) \(zone) after \(after)" }
    }

    static let calendar: [Case] = [
        Case("* * * * *", after: "2026-11-21 08:20:00", "2026-11-21 08:21:00", "2026-11-21 08:22:00"),
        Case("* * * * *", after: "2026-11-21 08:20:00.000001", "2026-11-21 08:21:00"),
        Case("*/15 * * * *", after: "2026-11-21 08:20:00", "2026-11-21 08:30:00", "2026-11-21 08:45:00"),
        Case("10-50/20 3,5 * * *", after: "2026-11-21 03:31:00", "2026-11-21 03:50:00", "2026-11-21 05:10:00"),
        Case("0 0 29 2 *", after: "2026-01-01 00:00:00", "2028-02-29 00:00:00", "2032-02-29 00:00:00"),
        Case("0 0 29 2 *", after: "2096-03-01 00:00:00", "2104-02-29 00:00:00"),
        Case("0 0 31 * *", after: "2026-01-31 00:00:00", "2026-03-31 00:00:00", "2026-05-31 00:00:00"),
        // Both days are named: one of them is enough. With a * in one, both have to fit.
        Case("0 0 13 * fri", after: "2026-11-12 12:00:00", "2026-11-13 00:00:00", "2026-11-20 00:00:00"),
        Case("0 0 13 * fri", after: "2026-12-12 12:00:00", "2026-12-13 00:00:00", "2026-12-18 00:00:00"),
        Case("0 0 */2 * mon", after: "2026-11-21 00:00:00", "2026-11-23 00:00:00", "2026-12-07 00:00:00"),
        Case("0 0 * * 7", after: "2026-11-21 00:00:00", "2026-11-22 00:00:00", "2026-11-29 00:00:00"),
        Case("0 0 * * 5-7", after: "2026-11-21 00:00:00", "2026-11-22 00:00:00", "2026-11-27 00:00:00"),
        Case("0 0 * * Fri-Sun", after: "2026-11-21 00:00:00", "2026-11-22 00:00:00", "2026-11-27 00:00:00"),
        Case("0 0 1 JAN,jul *", after: "2026-02-01 00:00:00", "2026-07-01 00:00:00", "2027-01-01 00:00:00"),
        Case("@hourly", after: "2026-11-21 08:20:00", "2026-11-21 09:00:00"),
        Case("@daily", after: "2026-11-21 08:20:00", "2026-11-22 00:00:00"),
        Case("@weekly", after: "2026-11-21 08:20:00", "2026-11-22 00:00:00"),
        Case("@monthly", after: "2026-11-21 08:20:00", "2026-12-01 00:00:00"),
        Case(" @Yearly ", after: "2026-11-21 08:20:00", "2027-01-01 00:00:00"),
        Case("@every 90s", after: "2026-11-21 08:20:07", "2026-11-21 08:21:37", "2026-11-21 08:23:07"),
        Case("@every 1d2h", after: "2026-11-21 08:20:07", "2026-11-22 10:20:07"),
        Case("@every 1d", "Europe/Berlin", after: "2026-03-28 12:00:00", "2026-03-29 12:00:00"),
    ]

    static let zones: [Case] = [
        Case("30 9 * * *", "Asia/Kolkata", after: "2026-11-21 04:00:00", "2026-11-22 04:00:00"),
        Case("0 * * * *", "Asia/Kolkata", after: "2026-11-21 04:00:00", "2026-11-21 04:30:00"),
        // Berlin leaves out 02:00 to 03:00 …
        Case("30 2 * * *", "Europe/Berlin", after: "2026-03-28 12:00:00", "2026-03-29 01:00:00", "2026-03-30 00:30:00"),
        Case(
            "0,30 2,3 * * *", "Europe/Berlin", after: "2026-03-29 00:00:00", "2026-03-29 01:00:00",
            "2026-03-29 01:30:00"),
        Case(
            "*/20 2 * * *", "Europe/Berlin", after: "2026-03-28 12:00:00", "2026-03-29 01:00:00", "2026-03-30 00:00:00"),
        Case("30 * * * *", "Europe/Berlin", after: "2026-03-29 00:00:00", "2026-03-29 00:30:00", "2026-03-29 01:30:00"),
        Case(
            "30 */2 * * *", "Europe/Berlin", after: "2026-03-28 23:00:00", "2026-03-28 23:30:00", "2026-03-29 02:30:00"),
        // … and has it twice in autumn.
        Case("30 2 * * *", "Europe/Berlin", after: "2026-10-24 12:00:00", "2026-10-25 00:30:00", "2026-10-26 01:30:00"),
        Case("30 2 * * *", "Europe/Berlin", after: "2026-10-25 01:10:00", "2026-10-26 01:30:00"),
        Case(
            "*/30 * * * *", "Europe/Berlin", after: "2026-10-25 00:00:00", "2026-10-25 00:30:00", "2026-10-25 01:00:00",
            "2026-10-25 01:30:00", "2026-10-25 02:00:00"),
        Case("0 0 29 3 *", "Europe/Berlin", after: "2025-03-29 12:00:00", "2026-03-28 23:00:00", "2027-03-28 22:00:00"),
        Case(
            "30 2 * * *", "America/New_York", after: "2026-03-07 12:00:00", "2026-03-08 07:00:00", "2026-03-09 06:30:00"
        ),
        Case(
            "30 1 * * *", "America/New_York", after: "2026-10-31 12:00:00", "2026-11-01 05:30:00", "2026-11-02 06:30:00"
        ),
        Case(
            "30 * * * *", "America/New_York", after: "2026-11-01 05:00:00", "2026-11-01 05:30:00", "2026-11-01 06:30:00"
        ),
        // Half an hour: 02:00 to 02:30 is left out in October, 01:30 to 02:00 comes twice in April.
        Case(
            "15 2 * * *", "Australia/Lord_Howe", after: "2026-10-03 12:00:00", "2026-10-03 15:30:00",
            "2026-10-04 15:15:00"),
        Case(
            "15 * * * *", "Australia/Lord_Howe", after: "2026-10-03 14:00:00", "2026-10-03 14:45:00",
            "2026-10-03 16:15:00"),
        Case(
            "45 1 * * *", "Australia/Lord_Howe", after: "2026-04-04 12:00:00", "2026-04-04 14:45:00",
            "2026-04-05 15:15:00"),
        Case(
            "45 * * * *", "Australia/Lord_Howe", after: "2026-04-04 14:00:00", "2026-04-04 14:45:00",
            "2026-04-04 15:15:00"),
        // A whole day was left out; and a zone that skips midnight.
        Case(
            "0 12 30 12 *", "Pacific/Apia", after: "2011-12-20 00:00:00", "2011-12-30 10:00:00", "2012-12-29 22:00:00"),
        Case("0 0 * * *", "Africa/Cairo", after: "2026-04-23 12:00:00", "2026-04-23 22:00:00", "2026-04-24 21:00:00"),
    ]

    @Test func ticksAreWhereTheCalendarAndTheClocksSay() async throws {
        try await QueueBench.with { queue in
            for one in Self.calendar + Self.zones {
                var last = one.after
                for tick in one.ticks {
                    let answer: String = try await queue.scalar(
                        """
                        select to_char(converged.next_tick(\(one.spec), \(one.zone), (\(last) || '+00')::timestamptz)
                            at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
                        """)
                    #expect(answer == tick, "\(one.testDescription)")
                    last = tick
                }
            }
        }
    }

    /// The session's own zone has no part in it.
    @Test func theSessionsZoneDoesNotMatter() async throws {
        try await QueueBench.with { queue in
            let tick = try await queue.admin.transaction { session in
                try await session.query("set local timezone = 'America/New_York'")
                return try await session.query(
                    "select converged.next_tick('30 1 * * *', 'Europe/Berlin', '2026-10-31 22:00+00')::text"
                ).scalar(as: String.self)
            }
            #expect(tick == "2026-10-31 20:30:00-04")
        }
    }

    static let refused: [(spec: String, says: String)] = [
        ("", "cannot be read"), ("* * * *", "cannot be read"), ("* * * * * *", "cannot be read"),
        ("60 * * * *", "the minute field \"60\" is out of range"), ("* 24 * * *", "hour"), ("* * 0 * *", "day"),
        ("* * 32 * *", "day"), ("* * * 13 *", "month"), ("* * * * 8", "weekday"), ("* * * foo *", "not known"),
        ("* jan * * *", "not known"), ("5-1 * * * *", "ends before it begins"), ("*/0 * * * *", "step of 0"),
        ("*/90 * * * *", "step of 90"), ("5/10 * * * *", "needs a range"), ("1,,2 * * * *", "cannot be read"),
        ("-1 * * * *", "cannot be read"), ("1-2-3 * * * *", "cannot be read"), ("* * * * mon#2", "cannot be read"),
        ("99999 * * * *", "cannot be read"), ("@fortnightly", "cannot be read"), ("@every", "cannot be read"),
        ("@every 5", "cannot be read"), ("@every 0s", "not between"), ("@every 367d", "not between"),
        ("@every -5m", "cannot be read"), ("@every 1.5h", "cannot be read"), ("@every 99999999d", "not between"),
        (String(repeating: "1,", count: 500) + "1 * * * *", "too long"), ("0 0 31 2 *", "never ticks"),
        ("0 0 30,31 feb *", "never ticks"), ("0 0 31 4,6,9,11 *", "never ticks"),
    ]

    @Test func whatCannotTickIsRefusedWithAHint() async throws {
        try await QueueBench.with { queue in
            for (spec, says) in Self.refused {
                let error = try await #require(throws: PostgresError.self, "\(spec)") {
                    try await queue.admin.query(
                        "insert into converged.schedules (name, kind, spec) values ('s', 'k', \(spec))")
                }
                #expect(error.sqlState == "22023", "\(spec): \(error)")
                #expect(error.message.contains(says), "\(spec): \(error)")
                #expect(error.hint?.isEmpty == false, "\(spec): \(error)")
            }
        }
    }
}
