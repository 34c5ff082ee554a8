extension PrometheusText {
    /// What this process did since it started.
    public mutating func add(_ counters: Counters) {
        let outcomes = Finish.Ending.allCases.map { ($0.rawValue, Double(counters.finished[$0.rawValue] ?? 0)) }
        add(.counter, "converged_queue_claimed_jobs_total", help: "Jobs leased.", Double(counters.claimed))
        add(
            .counter, "converged_queue_finished_runs_total", help: "Runs whose end the database took, by outcome.",
            label: "outcome", outcomes)
        add(
            .gauge, "converged_queue_running_jobs", help: "Runs under way in this process.", label: "kind",
            counters.running.sorted { $0.key < $1.key }.map { ($0.key, Double($0.value)) })
        add(
            .counter, "converged_queue_lost_leases_total",
            help: "Results that were refused because the lease was lost.", Double(counters.leaseLosses))
        add(
            .counter, "converged_queue_rescued_jobs_total", help: "Jobs taken back from dead workers.",
            Double(counters.rescued))
        add(
            .counter, "converged_queue_folded_wakes_total", help: "Wakes moved into jobs.", Double(counters.folded))
        add(
            .counter, "converged_queue_lapses_total",
            help: "Times that this worker stopped its runs because it could not prove that it lives.",
            Double(counters.lapses))
        add(
            .counter, "converged_queue_failed_round_trips_total", help: "Claims and finishes that got no good answer.",
            Double(counters.failedTurns))
        add(
            "converged_queue_pick_up_seconds", help: "From the moment a job fell due to its claim, by database time.",
            counters.pickUp)
        add(
            "converged_queue_claim_round_trip_seconds", help: "Round trips to the database that claimed jobs.",
            counters.claimRoundTrip)
        add(
            "converged_queue_finish_round_trip_seconds",
            help: "Round trips to the database that ended runs, some of which claimed jobs as well.",
            counters.finishRoundTrip)
    }
}
