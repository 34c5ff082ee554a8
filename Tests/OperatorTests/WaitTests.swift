import Testing

@testable import Operator

/// What `why` concludes, from facts alone.
@Suite struct WaitTests {
    /// A settled machine, changed as the case wants it.
    private func sentence(_ change: (inout JSON) -> Void) throws -> String {
        var facts = try JSON(
            parsing: """
                {"kind": "machine", "job_kind": "machine", "live_workers": 1, "wakes": 0, "pause": null, "dead": null, "job": null,
                 "object": {"generation": 3, "observed_generation": 3}, "errors": [],
                 "trace": {"outcome": "settled"}, "conditions": [{"type": "Ready", "status": "True", "reason": "Running"}]}
                """)
        change(&facts)
        return Wait(facts).sentence
    }

    private func json(_ text: String) -> JSON { (try? JSON(parsing: text)) ?? .null }

    @Test func settledWaitsForNothing() throws {
        #expect(try sentence { _ in } == "nothing: it is settled")
        let later = try sentence {
            $0["job"] = json(#"{"state": "ready", "attempt": 0, "due": false, "seconds_until": 240}"#)
        }
        #expect(later == "nothing: it is settled; the next look is in 4m")
    }

    @Test func aPauseComesFirst() throws {
        let text = try sentence {
            $0["pause"] = json(#"{"kind": "machine", "key": null, "reason": "Fly incident", "paused_by": "ops"}"#)
            $0["live_workers"] = .integer(0)
        }
        #expect(text == "ops, who paused machine (Fly incident): `converged resume machine`")
    }

    @Test func aRunEndsOnItsWorkerOrElsewhere() throws {
        let live = try sentence {
            $0["job"] = json(#"{"state": "running", "worker_live": true, "worker_name": "fly-1"}"#)
        }
        #expect(live == "the end of the run on fly-1")
        let dead = try sentence { $0["job"] = json(#"{"state": "running", "worker_live": false}"#) }
        #expect(dead.hasPrefix("another worker"))
    }

    @Test func nobodyRunsTheKind() throws {
        #expect(try sentence { $0["live_workers"] = .integer(0) }.hasPrefix("a worker: none that runs kind machine"))
    }

    @Test func backOffTellsTheLastError() throws {
        let text = try sentence {
            $0["job"] = json(#"{"state": "ready", "attempt": 2, "due": false, "seconds_until": 32}"#)
            $0["errors"] = json(#"[{"message": "fly answered 503"}]"#)
        }
        #expect(text == "its back-off: attempt 3 starts in 32s; the last one failed: fly answered 503")
    }

    @Test func blockedAndDeadNeedAPerson() throws {
        let blocked = try sentence {
            $0["trace"] = json(#"{"outcome": "blocked"}"#)
            $0["conditions"] = json(
                #"[{"type": "Ready", "status": "False", "reason": "NameTaken", "message": "by x"}]"#)
        }
        #expect(blocked.hasPrefix("a person, or a changed row (NameTaken: by x)"))
        let dead = try sentence { $0["dead"] = json(#"{"id": 7, "message": "no"}"#) }
        #expect(dead.contains("`converged jobs retry 7`"))
    }

    @Test func aRowAheadOfItsStatusWithoutAJobIsSaid() throws {
        let text = try sentence { $0["object"] = json(#"{"generation": 4, "observed_generation": 3}"#) }
        #expect(text.hasPrefix("a wake: its row is ahead"))
        #expect(try sentence { $0["object"] = .null } == "nothing: its row is gone")
    }

    @Test func endingsAreKnownOnlyWhenTheJobRests() throws {
        func ending(_ text: String) -> Ending? { Ending(json(text)) }
        #expect(ending(#"{"wakes": 1, "job": null, "ended": {"outcome": "settled"}}"#) == nil)
        #expect(ending(#"{"wakes": 0, "job": {"state": "running"}, "ended": {"outcome": "settled"}}"#) == nil)
        #expect(ending(#"{"wakes": 0, "job": {"state": "ready", "due": true}}"#) == nil)
        #expect(ending(#"{"wakes": 0, "job": {"state": "ready", "due": false, "attempt": 0}}"#) == nil)
        #expect(ending(#"{"wakes": 0, "job": null, "ended": {"outcome": "settled"}}"#) == .settled)
        #expect(
            ending(#"{"wakes": 0, "job": null, "ended": {"outcome": "blocked", "message": "NameTaken"}}"#)
                == .blocked("NameTaken"))
        let retrying =
            #"{"wakes": 0, "job": {"state": "ready", "due": false, "attempt": 1, "seconds_until": 4}, "errors": [{"message": "503"}]}"#
        #expect(ending(retrying) == .retrying("503; again in 4 s"))
    }
}
