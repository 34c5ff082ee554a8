import Glibc
import Logging
import Queue
import ServiceLifecycle

/// Writes the metrics file, for the text collector of Prometheus' node exporter: `NAME.prom` in its directory.
struct MetricsService: Service {
    let parts: Parts
    let path: String
    let logger: Logger

    private static let interval = Duration.seconds(15)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var wasWritten = true
            repeat {
                let text = await describe()
                if Task.isCancelled { return }
                let problem = Self.replace(path, with: text)
                if let problem, wasWritten {
                    logger.error("cannot write the metrics to \(path): \(problem)")
                }
                wasWritten = problem == nil
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
    }

    /// Without an answer of the database only what this process knows by itself; that its gauges are gone tells the rest.
    private func describe() async -> String {
        var text = PrometheusText()
        do {
            text.add(try await QueueGauges.read(parts.database))
        } catch {
            logger.debug("no gauges of the queue: \(error)")
        }
        text.add(parts.counters())
        return text.text
    }

    /// Readers see the old file or the new one, never a part; and may read it, whatever the umask.
    ///
    /// - Returns: what went wrong.
    static func replace(_ path: String, with text: String) -> String? {
        let draft = path + ".new"
        guard let file = fopen(draft, "we") else { return String(cString: strerror(errno)) }
        fchmod(fileno(file), 0o644)
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten, rename(draft, path) == 0 else {
            let problem = String(cString: strerror(errno))
            unlink(draft)
            return problem
        }
        return nil
    }
}
