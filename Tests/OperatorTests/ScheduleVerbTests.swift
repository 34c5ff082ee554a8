import Postgres
import Support
import Testing

@testable import Operator

/// schedules list, show, add, pause, resume, run, remove.
@Suite struct ScheduleVerbTests {
    private func add(_ office: Office, _ name: String, _ spec: String = "30 2 * * *") async throws {
        var new = NewSchedule(name: name, kind: "prune", spec: spec)
        new.zone = "Asia/Kolkata"
        new.args = #"{"days": 7}"#
        let ended = try await office.read { try await $0.addSchedule(new, replaces: false) }
        #expect(ended.exit == .ok && ended.text.contains("spec"))
    }

    @Test func aListShowsTheNextThreeTicksInTheSchedulesZone() async throws {
        try await Office.open { office in
            #expect(try await office.read { try await $0.listSchedules(limit: 10) }.text == "none\n")
            try await office.owner.query(
                "update converged.clock set shift = '2026-11-21 08:00+00'::timestamptz - statement_timestamp()")
            try await add(office, "nightly")
            try await add(office, "a", "@every 90s")
            let text = try await office.read { try await $0.listSchedules(limit: 10) }.text
            let lines = text.split(separator: "\n").map(String.init)
            #expect(lines.count == 3 && lines[1].hasPrefix("a        prune  @every 90s"))
            #expect(lines[2].contains("2026-11-22 02:30, 2026-11-23 02:30, 2026-11-24 02:30"))
            let (_, document) = try await office.ask { try await $0.listSchedules(limit: 10) }
            #expect(document.items[1]["next_ticks"].items.count == 3)
            #expect(document.items[1]["state"].text == "on")
            #expect(document.items[1]["args"]["days"].integer == 7)
        }
    }

    @Test func addingTwiceNeedsReplace() async throws {
        try await Office.open { office in
            try await add(office, "nightly")
            var new = NewSchedule(name: "nightly", kind: "prune", spec: "@hourly")
            let error = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.addSchedule(new, replaces: false) }
            }
            #expect(error?.exit == .usage && error?.message.contains("--replace") == true)
            new.catchUp = "all"
            let (_, document) = try await office.ask { try await $0.addSchedule(new, replaces: true) }
            #expect(document["spec"].text == "@hourly" && document["overlap"].text == "allow")
            new.args = "[1]"
            let refusal = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.addSchedule(new, replaces: true) }
            }
            #expect(refusal?.exit == .usage)
            new.args = "{}"
            new.spec = "0 0 31 2 *"
            let never = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.addSchedule(new, replaces: true) }
            }
            #expect(never?.sqlState == "22023")
        }
    }

    @Test func severalArePausedResumedAndRemovedAtOnce() async throws {
        try await Office.open { office in
            for name in ["a", "b", "c"] { try await add(office, name) }
            #expect(
                try await office.read { try await $0.pauseSchedules(["c", "a", "a"]) }.text
                    == "paused schedule c\npaused schedule a\n")
            #expect(try await office.read { try await $0.pauseSchedules(nil) }.text == "paused schedule b\n")
            #expect(try await office.read { try await $0.pauseSchedules(nil) }.text == "none\n")
            let (_, list) = try await office.ask { try await $0.listSchedules(limit: 10) }
            #expect(list.items.map { $0["state"].text } == ["paused", "paused", "paused"])
            let (_, resumed) = try await office.ask { try await $0.resumeSchedules(nil) }
            #expect(resumed.items.map { $0["name"].text } == ["a", "b", "c"])
            #expect(resumed.items[0]["message"].text == "resumed schedule a; it missed no tick")
            #expect(
                try await office.read { try await $0.removeSchedules(["a", "c"]) }.text
                    == "removed schedule a\nremoved schedule c\n")
            #expect(try await office.operators.query("select name from converged.schedules").column(0) == ["b"])
        }
    }

    @Test func anUnknownNameChangesNothing() async throws {
        try await Office.open { office in
            try await add(office, "nightly")
            let verbs: [(Verbs) async throws -> Exit] = [
                { try await $0.pauseSchedules(["nightly", "nihgtly"]) }, { try await $0.showSchedule("nihgtly") },
                { try await $0.removeSchedules(["nightly", "nihgtly"]) }, { try await $0.runSchedules(["nihgtly"]) },
            ]
            for verb in verbs {
                let error = await #expect(throws: VerbError.self) { try await office.read(verb) }
                #expect(error?.exit == .unknown && error?.message.contains("did you mean nightly?") == true)
            }
            #expect(
                try await office.operators.query("select is_paused::text from converged.schedules").column(0) == [
                    "false"
                ])
        }
    }

    @Test func aRunByHandNamesTheJob() async throws {
        try await Office.open { office in
            try await add(office, "nightly")
            let text = try await office.read { try await $0.runSchedules(["nightly"]) }.text
            let (_, shown) = try await office.ask { try await $0.showSchedule("nightly") }
            let job = try #require(shown["last_job"].integer)
            #expect(text == "schedule nightly made job \(job)\n")
            #expect(shown["last_job_state"].text == "ready")
            #expect(
                try await office.read { try await $0.showSchedule("nightly") }.text.contains(
                    "converged jobs show \(job)"))
            let error = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.runSchedules(["nightly"]) }
            }
            #expect(error?.sqlState == "CV409")
        }
    }
}
