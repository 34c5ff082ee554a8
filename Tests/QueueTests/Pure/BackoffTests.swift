import Queue
import Support
import Testing

@Suite struct BackoffTests {
    @Test func theCeilingDoublesUpToTheCap() {
        let backoff = Backoff(base: .seconds(2), cap: .seconds(300))
        let ceilings = (1...10).map { backoff.ceiling(failures: $0) / .seconds(1) }
        #expect(ceilings == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
        #expect(backoff.ceiling(failures: 100_000) == .seconds(300))
        #expect(backoff.ceiling(failures: 0) == .seconds(2))
    }

    @Test func jitterIsFull() {
        var seed = Seed()
        let backoff = Backoff(base: .seconds(1), cap: .seconds(60))
        for failures in 1...12 {
            let delays = (0..<400).map { _ in
                backoff.delay(failures: failures, unit: Double.random(in: 0..<1, using: &seed))
            }
            let ceiling = backoff.ceiling(failures: failures)
            #expect(delays.allSatisfy { $0 >= .zero && $0 < ceiling })
            #expect(delays.contains { $0 < ceiling / 10 } && delays.contains { $0 > ceiling * 0.9 })
        }
    }
}

@Suite struct HistogramTests {
    @Test func quantilesStayWithinTheirBucket() throws {
        var histogram = Histogram()
        #expect(histogram.quantile(0.5) == nil)
        for milliseconds in 1...1_000 { histogram.record(.milliseconds(milliseconds)) }
        let median = try #require(histogram.quantile(0.5))
        #expect(median >= 0.5 && median <= 0.5 * 2.0.squareRoot())
        #expect(histogram.count == 1_000)
        #expect(abs(histogram.sumSeconds - 500.5) < 0.001)
    }

    @Test func nothingIsOutOfBounds() {
        var histogram = Histogram()
        histogram.record(.seconds(-1))
        histogram.record(.seconds(100_000))
        #expect(histogram.counts.first == 1 && histogram.counts.last == 1)
        #expect(histogram.quantile(1) == .infinity)
    }
}
