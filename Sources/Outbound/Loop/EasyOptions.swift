import CCurl

/// How a transfer's easy handle is set up. Everything that could surprise is off: redirects, proxies from the
/// environment, cookies, other protocols, signals.
extension Transfer {
    func configure(_ settings: OutboundSettings) {
        setLimits(settings)
        setTarget()
        setMethod()
        setHeaders(settings)
        setCallbacks()
    }

    private func setLimits(_ settings: OutboundSettings) {
        easy.set(CURLOPT_NOSIGNAL, 1)
        // Else removing a handle waits for its name look-up, and with it every other call (lib/asyn-thread.c).
        easy.set(CURLOPT_QUICK_EXIT, 1)
        easy.set(CURLOPT_PROTOCOLS_STR, "http,https")
        easy.set(CURLOPT_FOLLOWLOCATION, 0)
        easy.set(CURLOPT_PROXY, "")
        easy.set(CURLOPT_PATH_AS_IS, 1)
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.deadlines.connect.milliseconds))
        easy.set(CURLOPT_MAXAGE_CONN, settings.reuseSeconds)
        easy.set(CURLOPT_TCP_KEEPALIVE, 1)
        ccurl_keep_sockets_private(easy.raw)
        easy.set(CURLOPT_USERAGENT, settings.userAgent)
        easy.set(CURLOPT_ERRORBUFFER, pointer: errorText)
    }

    private func setTarget() {
        easy.set(CURLOPT_URL, request.url)
        if let socket = request.unixSocket { easy.set(CURLOPT_UNIX_SOCKET_PATH, socket) }
        // A paused HTTP/2 stream may still fill its whole window (32 MB, lib/http2.c): a streamed body uses HTTP/1.1,
        // where the kernel's socket buffer is all that fills.
        easy.set(CURLOPT_HTTP_VERSION, isStreamed ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS)
        // Rather wait for a connection under way that may be shared than open one for each call.
        if !isStreamed { easy.set(CURLOPT_PIPEWAIT, 1) }
        guard request.url.hasPrefix("https:") else { return }
        easy.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        guard let tls = request.tls else { return }
        if let ca = tls.ca {
            easy.set(CURLOPT_CAINFO, ca)
            easy.set(CURLOPT_CAPATH, nil)
        }
        if let cert = tls.cert { easy.set(CURLOPT_SSLCERT, cert) }
        if let key = tls.key { easy.set(CURLOPT_SSLKEY, key) }
    }

    private func setMethod() {
        if upload != nil {
            easy.set(CURLOPT_UPLOAD, 1)
            if let length = request.bodyStream?.length { easy.set(CURLOPT_INFILESIZE_LARGE, big: length) }
        } else if let body = request.body {
            easy.set(CURLOPT_POST, 1)
            easy.set(CURLOPT_POSTFIELDSIZE_LARGE, big: body.count)
            body.withUnsafeBytes { bytes in
                // Copied by libcurl; an empty body still has to be a pointer.
                if let start = bytes.baseAddress, !bytes.isEmpty {
                    easy.set(CURLOPT_COPYPOSTFIELDS, pointer: UnsafeMutableRawPointer(mutating: start))
                } else {
                    easy.set(CURLOPT_COPYPOSTFIELDS, "")
                }
            }
        } else if request.method == "POST" || request.method == "PUT" || request.method == "PATCH" {
            easy.set(CURLOPT_POST, 1)
            easy.set(CURLOPT_POSTFIELDSIZE_LARGE, big: 0)
            easy.set(CURLOPT_COPYPOSTFIELDS, "")
        } else if request.method == "HEAD" {
            easy.set(CURLOPT_NOBODY, 1)
        } else {
            easy.set(CURLOPT_HTTPGET, 1)
        }
        if request.method != "HEAD" { easy.set(CURLOPT_CUSTOMREQUEST, request.method) }
    }

    private func setHeaders(_ settings: OutboundSettings) {
        // No waiting for "100 Continue", and no form type that nobody asked for.
        var lines = ["Expect:"]
        if !request.headers.contains(where: { $0.0.lowercased() == "content-type" }) { lines.append("Content-Type:") }
        for (name, value) in request.headers {
            // libcurl reads "Name:" as "leave it out" and "Name;" as "send it empty".
            lines.append(value.allSatisfy { $0 == " " } ? "\(name);" : "\(name): \(value)")
        }
        for line in lines { headerList = curl_slist_append(headerList, line) }
        ccurl_set_list(easy.raw, CURLOPT_HTTPHEADER, headerList)
    }

    private func setCallbacks() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_on_header(easy.raw, Callbacks.header, context)
        ccurl_on_body(easy.raw, Callbacks.body, context)
        ccurl_on_ready(easy.raw, Callbacks.ready, context)
        ccurl_on_trace(easy.raw, Callbacks.trace, context)
        if upload != nil { ccurl_on_upload(easy.raw, Callbacks.upload, context) }
    }
}

extension Duration {
    /// Rounded up, so that a deadline is not looked at a moment too early.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
