import Foundation
import Support
import Testing

/// The daemon's metrics, for whoever collects files.
@Suite struct MetricsFileTests {
    @Test func theDaemonWritesAWholeFile() async throws {
        let folder = try TemporaryFolder.make("metrics")
        defer { TemporaryFolder.remove(folder) }
        let path = folder + "/converged.prom"
        var options = Platform.Options()
        options.settings["CONVERGED_METRICS_FILE"] = path
        try await Platform.run(options) { platform in
            try await platform.startDaemon()
            try await eventually("the file is there", within: .seconds(30)) {
                FileManager.default.fileExists(atPath: path)
            }
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains(#"converged_queue_jobs{queue="default",state="due"}"#))
            #expect(text.contains("converged_queue_pick_up_seconds_count ") && text.hasSuffix("\n"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["converged.prom"])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o644, "whoever collects it may read it")
            let shown = try await platform.converged(["metrics"])
            #expect(shown.status == 0 && shown.output.contains("converged_queue_live_workers 1\n"))
        }
    }
}
