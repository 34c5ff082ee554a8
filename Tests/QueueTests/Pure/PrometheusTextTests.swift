import Testing

@testable import Queue

/// The text format, letter by letter.
@Suite struct PrometheusTextTests {
    @Test func familiesHaveTheirHelpTypeAndSamples() {
        var text = PrometheusText()
        text.add(.counter, "a_total", help: "One\nline with \\.", 3)
        text.add(.gauge, "b", help: "B.", [([("q", "x\"y\\z\n"), ("s", "due")], 0.25)])
        text.add(.gauge, "c", help: "Left out.", label: "q", [])
        text.add(.gauge, "d_seconds", help: "D.", label: "q", [("one", .infinity), ("two", .nan)])
        #expect(
            text.text == #"""
                # HELP a_total One\nline with \\.
                # TYPE a_total counter
                a_total 3
                # HELP b B.
                # TYPE b gauge
                b{q="x\"y\\z\n",s="due"} 0.25
                # HELP d_seconds D.
                # TYPE d_seconds gauge
                d_seconds{q="one"} +Inf
                d_seconds{q="two"} NaN

                """#)
    }

    @Test func bucketsAreCumulativeAndEndWithAll() throws {
        var histogram = Histogram()
        for latency: Duration in [.microseconds(50), .milliseconds(1), .milliseconds(1), .seconds(1_000)] {
            histogram.record(latency)
        }
        var text = PrometheusText()
        text.add("h_seconds", help: "H.", histogram)
        let lines = text.text.split(separator: "\n")
        let buckets = lines.filter { $0.hasPrefix("h_seconds_bucket") }
        #expect(buckets.first == #"h_seconds_bucket{le="0.0001"} 1"#)
        #expect(buckets.contains(#"h_seconds_bucket{le="0.0016"} 3"#))
        #expect(buckets.last == #"h_seconds_bucket{le="+Inf"} 4"#)
        let counts = try buckets.map { try #require(Int($0.split(separator: " ")[1])) }
        #expect(counts == counts.sorted() && buckets.count == 23)
        #expect(lines.suffix(2) == ["h_seconds_sum 1000.00205", "h_seconds_count 4"])
    }
}
