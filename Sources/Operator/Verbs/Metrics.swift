import Queue

extension Verbs {
    /// The queue's gauges in Prometheus' text format. What a daemon counted since it started only that daemon knows: it writes
    /// its own file.
    public func showMetrics() async throws -> Exit {
        var text = PrometheusText()
        text.add(try await QueueGauges.read(database))
        console.print(String(text.text.dropLast()))
        return .ok
    }
}
