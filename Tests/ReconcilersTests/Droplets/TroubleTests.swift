import Foundation
import Support
import Testing
import Vendors

@testable import Reconcilers

@Suite("What events tell of containers' ends") struct TroubleTests {
    private let start = ContinuousClock.now

    private func event(_ action: String, owner: String? = "pa/1", container: String = "c1") throws -> DockerEvent {
        let mark = owner.map { "\"\(Marks.owner)\": \"\($0)\"" } ?? ""
        let text = """
            {"Type": "container", "Action": "\(action)", "Actor": {"ID": "\(container)", "Attributes": {\(mark)}}, "timeNano": 1}
            """
        return try JSONDecoder().decode(DockerEvent.self, from: Data(text.utf8))
    }

    @Test func threeDeathsAreALoopUntilTheyAreLongAgo() throws {
        var trouble = Trouble(DropletSettings(), now: start)
        for second in [0, 100, 200] {
            #expect(trouble.judge(now: start + .seconds(second)).looping.isEmpty)
            #expect(trouble.note(try event("die"), now: start + .seconds(second)))
        }
        #expect(trouble.judge(now: start + .seconds(201)).looping == ["pa/1": 3])
        #expect(!trouble.judge(now: start + .seconds(599)).isComplete)
        let later = trouble.judge(now: start + .seconds(601))
        #expect(later.looping.isEmpty && later.isComplete)
        #expect(trouble.takeTouched() == ["pa/1"])
        #expect(trouble.takeTouched() == [])
    }

    @Test func anEndThatWasAskedForIsNoDeath() throws {
        var trouble = Trouble(DropletSettings(), now: start)
        for _ in 0..<5 {
            #expect(!trouble.note(try event("kill"), now: start))
            #expect(trouble.note(try event("die"), now: start))
        }
        #expect(trouble.judge(now: start).looping.isEmpty)
        #expect(trouble.takeTouched() == [])
    }

    @Test func memoryAndHealthTouchTheirOwner() throws {
        var trouble = Trouble(DropletSettings(), now: start)
        #expect(trouble.note(try event("oom"), now: start))
        #expect(trouble.note(try event("health_status: unhealthy", owner: "service/2"), now: start))
        #expect(!trouble.note(try event("health_status: healthy", owner: "service/3"), now: start))
        #expect(!trouble.note(try event("exec_start: sh", owner: "service/4"), now: start))
        #expect(!trouble.note(try event("die", owner: nil), now: start))
        #expect(trouble.judge(now: start).outOfMemory == ["pa/1"])
        #expect(trouble.takeTouched() == ["pa/1", "service/2"])
    }
}
