import CCurl

/// `CURL *` and `CURLM *` both arrive as a raw pointer; these types keep them apart.
struct EasyHandle: Hashable {
    let raw: UnsafeMutableRawPointer

    init?() {
        guard let raw = curl_easy_init() else { return nil }
        self.raw = raw
    }

    init(raw: UnsafeMutableRawPointer) { self.raw = raw }

    func set(_ option: CURLoption, _ value: Int) { ccurl_set_long(raw, option, value) }
    func set(_ option: CURLoption, big value: Int) { ccurl_set_big(raw, option, curl_off_t(value)) }
    func set(_ option: CURLoption, _ value: String?) { ccurl_set_text(raw, option, value) }
    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) { ccurl_set_pointer(raw, option, pointer) }
    func long(_ info: CURLINFO) -> Int { ccurl_get_long(raw, info) }
}

struct MultiHandle {
    let raw: UnsafeMutableRawPointer

    init() {
        precondition(Self.globalInit == CURLE_OK, "libcurl does not start")
        guard let raw = curl_multi_init() else { preconditionFailure("libcurl has no memory for a multi handle") }
        self.raw = raw
    }

    private static let globalInit = ccurl_global_init()

    func set(_ option: CURLMoption, _ value: Int) { ccurl_multi_set_long(raw, option, value) }
    func add(_ easy: EasyHandle) -> Bool { curl_multi_add_handle(raw, easy.raw) == CURLM_OK }
    func remove(_ easy: EasyHandle) { curl_multi_remove_handle(raw, easy.raw) }

    func perform() {
        var running: Int32 = 0
        curl_multi_perform(raw, &running)
    }

    func nextDone() -> (EasyHandle, CURLcode)? {
        var code = CURLE_OK
        return ccurl_multi_done(raw, &code).map { (EasyHandle(raw: $0), code) }
    }

    func poll(milliseconds: Int32) { curl_multi_poll(raw, nil, 0, milliseconds, nil) }
    /// The only call that another thread may make.
    func wakeup() { curl_multi_wakeup(raw) }
    func cleanup() { curl_multi_cleanup(raw) }
}

/// A few easy handles are kept: making one costs more than resetting it. Connections and names live in the multi
/// handle, so nothing of a call stays in an easy one.
final class EasyPool {
    private static let kept = 8
    private var idle: [EasyHandle] = []

    func take() -> EasyHandle? { idle.popLast() ?? EasyHandle() }

    func giveBack(_ easy: EasyHandle) {
        curl_easy_reset(easy.raw)
        if idle.count < Self.kept { idle.append(easy) } else { curl_easy_cleanup(easy.raw) }
    }

    deinit { for easy in idle { curl_easy_cleanup(easy.raw) } }
}
