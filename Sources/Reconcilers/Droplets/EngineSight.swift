import Vendors

/// What a look at a droplet's Docker engine showed.
public enum EngineSight: Sendable, Equatable {
    /// The engine that this droplet has always had.
    case own(version: String?)
    /// Work is refused; why.
    case closed(Reason, String)
}

extension EngineSight {
    /// - Parameter error: of the question which engine answers.
    init(_ error: DockerError, at droplet: String) {
        switch error.kind {
        case .unauthorized, .forbidden:
            self = .closed(.vendorUnauthorized, "the Docker daemon of \(droplet) refuses us: \(error)")
        case .versionRefused:
            self = .closed(.hostUnreachable, "the Docker daemon of \(droplet) is too old or too new: \(error)")
        default:
            self = .closed(.hostUnreachable, "the Docker daemon of \(droplet) does not answer: \(error)")
        }
    }
}
