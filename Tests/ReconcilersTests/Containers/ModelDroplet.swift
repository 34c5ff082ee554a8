import Foundation
import Support
import Vendors

@testable import Reconcilers

/// A droplet in memory: enough of Docker to judge plans by what they do. Loses answers and refuses when the dice say so,
/// and notes every act that no plan may commit.
struct ModelDroplet {
    struct Box: Equatable {
        var sight: ContainerSight
        var isOurs = true
        /// Its process ends whenever it starts.
        var isBroken = false
        /// It once took over: something to return to.
        var wasProven = false
    }

    var dice: Seed
    var now = 1_000_000.0
    /// One call in so many goes wrong; 0: none.
    var faultRate: UInt64 = 0
    var boxes: [Box] = []
    var images: Set<String> = []
    /// Specifications whose containers do not work.
    var brokenHashes: Set<String> = []
    var hasData = false
    var isDeleted = false
    var ids = 0
    var mutations = 0
    var violations: [String] = []

    mutating func perform(_ action: ContainerAction, _ view: ContainerView) -> ContainerResult {
        now += 0.1
        let roll = faultRate == 0 ? UInt64.max : dice.roll(faultRate * 3)
        if roll == 0 { return .failed(ContainerProblem(.unavailable, .inspectContainer, "no answer")) }
        let before = boxes
        let result = carryOut(action, view)
        judge(action, before, view)
        if roll == 1, action.isMutation { return .failed(ContainerProblem(.outcomeUnknown, .startContainer, "lost")) }
        return result
    }

    private mutating func carryOut(_ action: ContainerAction, _ view: ContainerView) -> ContainerResult {
        if action.isMutation { mutations += 1 }
        switch action {
        case .look: return .scene(scene(view))
        case .lookImage:
            return images.contains(view.desired.shape.image)
                ? .image(isThere: true) : .failed(ContainerProblem(.noSuchImage, .inspectImage, "no such image"))
        case .lookFiles: return .files(areRight: dice.roll(4) > 0)
        case .lookLogs: return .log("the end")
        case .probe(let id):
            return .finding(
                self[id].map { $0.sight.state == .running && !$0.isBroken } ?? false ? .good : .bad("silent"))
        case .checklist: return .checklist(dice.roll(3) > 0 ? .done : .working(step: "chromium", againSeconds: 1))
        case .pull: images.insert(view.desired.shape.image)
        case .create: return create(view)
        case .makeData: hasData = true
        case .start(let id), .restart(let id, _): return start(id)
        case .stop(let id): return change(id) { if $0.sight.holdsPort { $0.sight.state = .exited } }
        case .unpause(let id): return change(id) { $0.sight.state = .running }
        case .rename(let id, let name):
            if boxes.contains(where: { $0.sight.name == name }) {
                return .failed(ContainerProblem(.nameTaken(by: nil), .renameContainer, "taken"))
            }
            return change(id) { $0.sight.name = name }
        case .remove(let id):
            guard self[id] != nil else { return .failed(ContainerProblem(.notFound, .removeContainer, "gone")) }
            boxes.removeAll { $0.sight.id == id }
        case .intend, .prepare, .place, .restore, .push: break
        }
        return .done
    }

    private mutating func create(_ view: ContainerView) -> ContainerResult {
        guard !boxes.contains(where: { $0.sight.name == view.desired.nextName }) else {
            return .failed(ContainerProblem(.nameTaken(by: nil), .createContainer, "taken"))
        }
        let makes = view.desired.data != nil && view.memory.dataMadeAt == nil
        if !makes, view.desired.data != nil, !hasData {
            return .failed(
                ContainerProblem(.needMissing, .createContainer, "no such folder: \(view.desired.data?.path ?? "")"))
        }
        ids += 1
        var sight = ContainerSight(
            id: "c\(ids)", name: view.desired.nextName, epoch: view.memory.epoch, hash: view.desired.specHash,
            state: .created)
        sight.makesFolders = makes
        boxes.append(Box(sight: sight, isBroken: brokenHashes.contains(sight.hash)))
        return .created(id: sight.id)
    }

    private mutating func start(_ id: String) -> ContainerResult {
        let now = Date(timeIntervalSince1970: now)
        return change(id) { box in
            box.sight.state = .running
            box.sight.startedAt = now
            box.sight.restartCount = box.isBroken ? 6 : 0
        }
    }

    private mutating func change(_ id: String, _ body: (inout Box) -> Void) -> ContainerResult {
        guard let index = boxes.firstIndex(where: { $0.sight.id == id }) else {
            return .failed(ContainerProblem(.notFound, .inspectContainer, "gone"))
        }
        body(&boxes[index])
        return .done
    }

    subscript(id: String) -> Box? { boxes.first { $0.sight.id == id } }

    private func scene(_ view: ContainerView) -> ContainerScene {
        let names = [view.desired.name, view.desired.nextName, view.desired.formerName]
        return ContainerScene(
            ours: boxes.filter(\.isOurs).map(\.sight),
            foreign: boxes.filter { !$0.isOurs && names.contains($0.sight.name) }.map(\.sight.name))
    }

    /// What must never be, whatever happened before.
    private mutating func judge(_ action: ContainerAction, _ before: [Box], _ view: ContainerView) {
        if let id = view.memory.containerID, let index = boxes.firstIndex(where: { $0.sight.id == id }) {
            boxes[index].wasProven = true
        }
        let wasThere = before.contains { $0.wasProven && $0.isOurs }
        if wasThere, !boxes.contains(where: { $0.wasProven && $0.isOurs }), !view.desired.isDeleting {
            violations.append("\(action) left no container to return to")
        }
        if boxes.filter({ $0.isOurs && $0.sight.holdsPort }).count > 1,
            before.filter({ $0.isOurs && $0.sight.holdsPort }).count < 2
        {
            violations.append("\(action) made two run at one port")
        }
        if before.filter({ !$0.isOurs }) != boxes.filter({ !$0.isOurs }) {
            violations.append("\(action) hit a foreign one")
        }
        if !view.desired.runs, boxes.contains(where: { $0.sight.holdsPort }),
            !before.contains(where: { $0.sight.holdsPort })
        {
            violations.append("\(action) started what is to be stopped")
        }
    }
}
