import Foundation
import Synchronization

/// Where a task would run, were it let: shows what a task leaves to its own executor, and when.
final class HeldExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isOpen = false
    }
    private let state = Mutex(State())

    /// Jobs that wait.
    var held: Int { state.withLock { $0.jobs.count } }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isOpen = state.withLock { state in
            if !state.isOpen { state.jobs.append(job) }
            return state.isOpen
        }
        if isOpen { Thread.detachNewThread { self.run([job]) } }
    }

    /// Runs what is there now, and nothing that this leaves here.
    func runHeld() async {
        let jobs = take()
        await withCheckedContinuation { done in
            Thread.detachNewThread { [self] in
                run(jobs)
                done.resume()
            }
        }
    }

    /// Everything runs from now on.
    func open() {
        state.withLock { $0.isOpen = true }
        let jobs = take()
        Thread.detachNewThread { self.run(jobs) }
    }

    private func take() -> [UnownedJob] {
        state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
    }

    private func run(_ jobs: [UnownedJob]) {
        for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
