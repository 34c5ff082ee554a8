import Synchronization
import Vendors

/// The vendor's token as it is now: a reload replaces it without a restart.
final class RenewableToken: Sendable {
    private let token: Mutex<FlyToken>

    init(_ token: FlyToken) { self.token = Mutex(token) }

    var current: FlyToken { token.withLock { $0 } }

    func renew(_ new: FlyToken) { token.withLock { $0 = new } }
}
