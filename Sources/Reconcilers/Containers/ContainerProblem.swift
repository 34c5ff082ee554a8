import Vendors

/// Why a call did not do what it was for, in Docker's words.
struct ContainerProblem: Error, Sendable, Equatable {
    var kind: DockerError.Kind
    var action: DockerAction
    var text: String
    /// What is wrong is known better than Docker says it.
    var fault: ContainerFault?

    init(_ kind: DockerError.Kind, _ action: DockerAction, _ text: String) {
        self.kind = kind
        self.action = action
        self.text = text
    }

    init(_ error: DockerError) {
        self.init(error.kind, error.action, error.message.isEmpty ? error.description : error.message)
    }

    init(_ fault: ContainerFault) {
        self.init(.invalid, .putArchive, fault.message)
        self.fault = fault
    }

    /// The picture that the call was made from is out of date: look again.
    var isSurprise: Bool {
        switch kind {
        case .notFound, .noSuchPath, .nameTaken, .running, .notRunning, .paused, .removalInProgress, .conflict,
            .alreadyStarted, .inUse:
            true
        default: false
        }
    }

    /// The container itself cannot run so: waiting does not help.
    var isOfContainer: Bool {
        switch kind {
        case .cannotExecute, .portInUse, .needMissing, .invalid, .failed, .forbidden: true
        default: false
        }
    }
}

extension ContainerView {
    func ending(of problem: ContainerProblem) -> RunEnding {
        let text = problem.text
        if let fault = problem.fault {
            return .blocked(fault.reason, fault.message, lookAgainSeconds: limits.blockedSeconds)
        }
        if isDataMissing(text) { return .blocked(.dataMissing, text, lookAgainSeconds: limits.blockedSeconds) }
        switch (problem.kind, problem.action) {
        case (.noSuchImage, _), (.unauthorized, .pullImage), (.forbidden, .pullImage):
            return .blocked(.imagePullFailed, text, lookAgainSeconds: limits.blockedSeconds)
        case (.invalid, .pullImage), (.invalid, .inspectImage):
            return .blocked(.invalidImage, text, lookAgainSeconds: nil)
        case (.diskFull, _): return .retry(.diskFull, text)
        case (.unreachable, _), (.rateLimited, _), (_, .pullImage): return .retry(.imagePullFailed, text)
        case (.portInUse, _): return .retry(.portInUse, text)
        case (.unauthorized, _), (.forbidden, _), (.versionRefused, _): return .retry(.vendorUnauthorized, text)
        case (.invalid, .createContainer): return .blocked(.specRefused, text, lookAgainSeconds: nil)
        case (.needMissing, _), (.cannotExecute, _), (.invalid, _), (.failed, _): return .retry(.startFailed, text)
        case (.unavailable, _), (.timedOutWaiting, _), (.outcomeUnknown, _): return .retry(.vendorUnavailable, text)
        default: return .again(seconds: limits.lookPauseSeconds, progress, text)
        }
    }

    func isDataMissing(_ text: String) -> Bool {
        guard let data = desired.data, memory.dataMadeAt != nil else { return false }
        return text.contains(data.path)
    }
}
