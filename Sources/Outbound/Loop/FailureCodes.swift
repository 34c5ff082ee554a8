import CCurl

extension Failure {
    init(_ kind: Kind, _ transfer: Transfer, _ text: String) {
        self.init(kind: kind, wasSent: transfer.wasSent, text: text)
    }

    /// From libcurl's verdict on a transfer.
    init(_ code: CURLcode, _ transfer: Transfer) {
        var text = String(cString: transfer.errorText)
        if text.isEmpty { text = String(cString: curl_easy_strerror(code)) }
        if transfer.status > 0 { text += " (after HTTP \(transfer.status))" }
        if transfer.isTooLarge {
            let isHead = !transfer.isHeadComplete
            text =
                isHead
                ? "headers over \(transfer.maxHeaderBytes) bytes"
                : "body over \(transfer.request.maxResponseBytes) bytes"
            self.init(.tooLarge, transfer, text)
        } else if transfer.preventedResend {
            self.init(.connection, transfer, "the kept connection was closed after the request had been written")
        } else if transfer.upload?.isBroken == true {
            self.init(.setting, transfer, "the source of the request body failed")
        } else if code == CURLE_OPERATION_TIMEDOUT, !transfer.wasHandedOver {
            self.init(.connectTimeout, transfer, text)
        } else if !transfer.wasSent, Self.settingCodes.contains(code.rawValue) {
            self.init(.setting, transfer, text)
        } else {
            self.init(.connection, transfer, text)
        }
    }

    /// Another attempt would end the same way.
    private static let settingCodes: Set<UInt32> = Set(
        [
            CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CACERT_BADFILE, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT,
        ].map(\.rawValue))
}
