/// What is checked before a request reaches libcurl, and how it is named in logs and errors.
extension Request {
    /// A lost answer matters: the vendor layer has to look the outcome up.
    var isMutation: Bool {
        switch retry {
        case .mutation: true
        case .read: false
        case .never: method != "GET" && method != "HEAD"
        }
    }

    /// Method, host and path. Query and user part may hold secrets and are left out.
    var label: String {
        var rest = Substring(url)
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        if let end = rest.firstIndex(where: { $0 == "?" || $0 == "#" }) { rest = rest[..<end] }
        let authority = rest.prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        return "\(method) \(unixSocket.map { "unix:\($0) " } ?? "")\(rest)"
    }

    /// Parsed, not trusted (design law 13): a line break in a value would start a second header or request.
    func problem() -> String? {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else { return "only http and https are spoken" }
        guard url.utf8.count <= 8192, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            return "the URL is too long or not percent-encoded"
        }
        guard !method.isEmpty, method.utf8.allSatisfy({ (0x41...0x5a).contains($0) }) else {
            return "the method is not a word of capitals"
        }
        guard headers.count <= 64 else { return "more than 64 headers" }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isToken) else { return "a header has no valid name" }
            guard value.utf8.count <= 16_384, value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }) else {
                return "the value of header \(name) has a control character or is too long"
            }
        }
        if body != nil, bodyStream != nil { return "both body and bodyStream are set" }
        return nil
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
