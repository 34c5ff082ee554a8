import Foundation
import Support
import Testing

@testable import Vendors

/// Pure parts: frames, lines, archives.
@Suite("Streams cut anywhere") struct DockerStreamTests {
    private func frame(_ source: UInt8, _ text: String) -> [UInt8] {
        [source, 0, 0, 0, 0, 0, UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8)
    }

    @Test func framesCutAtAnyTwoBorders() throws {
        let bytes = frame(1, "hello ") + frame(2, "oops\n") + frame(1, "") + frame(1, "world") + frame(2, "!")
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var collector = OutputCollector(limitBytes: 100, mayBeRaw: false)
                for part in [bytes[..<first], bytes[first..<second], bytes[second...]] {
                    try collector.feed(Array(part))
                }
                let output = collector.result(isComplete: true)
                #expect(output.outputText == "hello world" && output.errorText == "oops\n!" && output.isComplete)
            }
        }
    }

    @Test func randomFramesInRandomPieces() throws {
        var dice = Seed()
        for _ in 0..<200 {
            var bytes: [UInt8] = []
            var wanted: [UInt8: [UInt8]] = [1: [], 2: []]
            for _ in 0..<Int.random(in: 0..<10, using: &dice) {
                let source = UInt8.random(in: 1...2, using: &dice)
                let payload = (0..<Int.random(in: 0..<600, using: &dice)).map { _ in
                    UInt8.random(in: 0...255, using: &dice)
                }
                wanted[source]! += payload
                bytes += [source, 0, 0, 0, 0, 0, UInt8(payload.count >> 8), UInt8(payload.count & 255)] + payload
            }
            var collector = OutputCollector(limitBytes: 10_000, mayBeRaw: false)
            while !bytes.isEmpty {
                let part = Int.random(in: 1...min(bytes.count, 50), using: &dice)
                try collector.feed(Array(bytes.prefix(part)))
                bytes.removeFirst(part)
            }
            let output = collector.result(isComplete: true)
            #expect(output.standardOutput == wanted[1] && output.standardError == wanted[2])
        }
    }

    @Test func whatIsNoFrame() throws {
        var strict = OutputCollector(limitBytes: 100, mayBeRaw: false)
        #expect(throws: FrameDecoder.Malformed.self) { try strict.feed(Array("no frames here".utf8)) }
        var open = OutputCollector(limitBytes: 100, mayBeRaw: true)
        try open.feed(Array("no frames ".utf8))
        try open.feed([1, 0, 0])
        #expect(open.result(isComplete: true).standardOutput == Array("no frames ".utf8) + [1, 0, 0])
        var cut = OutputCollector(limitBytes: 100, mayBeRaw: false)
        try cut.feed([1, 0, 0, 0, 0, 0, 0, 5, 65])
        #expect(cut.result(isComplete: true).isComplete == false)
        var daemon = OutputCollector(limitBytes: 100, mayBeRaw: false)
        try daemon.feed(frame(3, "it broke"))
        #expect(daemon.daemonMessage == "it broke")
    }

    @Test func tailsKeepTheEnd() {
        var dice = Seed()
        var tail = ByteTail(limit: 37)
        var all: [UInt8] = []
        for _ in 0..<300 {
            let part = (0..<Int.random(in: 0..<60, using: &dice)).map { UInt8(truncatingIfNeeded: $0) }
            tail.append(part[...])
            all += part
        }
        #expect(tail.bytes == all.suffix(37) && tail.dropped == all.count - 37)
    }

    @Test func linesCutAnywhere() throws {
        let text = Array("{\"a\":1}\r\n\n\u{1e}{\"b\":\"x y\"}\n{\"c\":3}".utf8)
        for cut in 0...text.count {
            var splitter = LineSplitter()
            var lines = try splitter.feed(Array(text[..<cut]))
            lines += try splitter.feed(Array(text[cut...]))
            if let last = splitter.finish() { lines.append(last) }
            let read = lines.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
            #expect(read == ["{\"a\":1}", "{\"b\":\"x y\"}", "{\"c\":3}"])
        }
        var endless = LineSplitter()
        #expect(throws: LineSplitter.TooLong.self) {
            _ = try endless.feed([UInt8](repeating: 65, count: LineSplitter.maxBytes + 1))
        }
    }

    private actor Archive {
        var bytes: [UInt8] = []
        func append(_ part: [UInt8]) { bytes += part }
    }

    private func written(_ entries: [TarEntry]) async throws -> [UInt8] {
        let archive = Archive()
        try await TarWriter.write(entries) { await archive.append($0) }
        return await archive.bytes
    }

    /// Read by the tar of the system.
    @Test func archivesAreWhatTarReads() async throws {
        let long = String(repeating: "a", count: 99) + "/" + String(repeating: "b", count: 99)
        let entries: [TarEntry] = [
            .folder("f", mode: 0o750, userID: 1000, groupID: 1001),
            .file("f/empty", [], mode: 0o600, userID: 1000, groupID: 1001),
            .file("f/block", [UInt8](repeating: 7, count: 512), mode: 0o4755), .file(long, [1], mode: 0o644),
            TarEntry(path: "l", .link(to: "f/empty"), mode: 0o777),
        ]
        let bytes = try await written(entries)
        #expect(bytes.count == TarWriter.length(of: entries))
        let path = try TemporaryFolder.make("tar") + "/a.tar"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let listed = try await Command.check(["tar", "-tvf", path, "--numeric-owner"])
        let lines = listed.split(separator: "\n").map(String.init)
        #expect(lines.count == 5)
        #expect(lines[0].hasPrefix("drwxr-x--- 1000/1001") && lines[1].hasPrefix("-rw------- 1000/1001"))
        #expect(lines[2].hasPrefix("-rwsr-xr-x 0/0") && lines[2].contains(" 512 "))
        #expect(lines[3].hasSuffix(long) && lines[4].hasSuffix("l -> f/empty"))
        for cut in stride(from: 0, to: bytes.count, by: 97) {
            var reader = TarReader(maxBytes: 100)
            try reader.feed(Array(bytes[..<cut]))
            try reader.feed(Array(bytes[cut...]))
            #expect(reader.isComplete && reader.file == [])
        }
    }

    @Test(arguments: [
        "/absolute", "up/../out", "", "a//b", ".", String(repeating: "x", count: 101), "nul\u{0}",
    ]) func pathsThatDoNotFit(path: String) {
        #expect(throws: TarWriter.Unfit.self) { try TarWriter.header(of: .file(path, [], mode: 0o600)) }
    }

    @Test func aContentOfAnotherLengthIsNotSent() async throws {
        for length in [1, 3] {
            let chunks = AsyncStream<[UInt8]> {
                $0.yield([1, 2])
                $0.finish()
            }
            let entry = TarEntry(path: "x", .file(TarContent(chunks, length: length)), mode: 0o600)
            await #expect(throws: TarWriter.Unfit.self) { _ = try await written([entry]) }
        }
    }
}
