/// A request target taken apart: `/v1.41/containers/x/logs?tail=5`. Decoded once, here; what is forwarded is put together
/// from the parts, so that nothing is read in two ways.
struct BrokerTarget: Sendable, Equatable {
    /// Minor number of API version 1. Nil without a version in front.
    var version: Int?
    var path: [String]
    var query: [(name: String, value: String)]

    /// Older versions mean other things: before 1.24 a start takes a host configuration.
    static let versions = 41...55

    init(_ text: String) throws(Refusal) {
        guard text.utf8.count <= 8192, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), text.hasPrefix("/"),
            !text.contains("#")
        else { throw Refusal("the request target is not a path, too long or not percent-encoded", status: 400) }
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for part in halves[0].split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let part = try Self.decoded(part)
            guard !part.isEmpty, part != ".", part != "..", !part.contains("/"), !part.contains("\\") else {
                throw Refusal("the path has an empty part, a dot or a slash that is hidden", status: 400)
            }
            path.append(part)
        }
        if let first = path.first, let version = try Self.version(first) {
            self.version = version
            path.removeFirst()
        }
        self.path = path
        query = halves.count == 2 ? try Self.query(halves[1]) : []
    }

    private static func query(_ text: Substring) throws(Refusal) -> [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if text.isEmpty { return query }
        for pair in text.split(separator: "&", omittingEmptySubsequences: false) {
            // `+` and `;` mean this here and that there.
            guard !pair.contains("+"), !pair.contains(";"), let equals = pair.firstIndex(of: "=") else {
                throw Refusal("the query is not name=value, percent-encoded", status: 400)
            }
            let name = try decoded(pair[..<equals])
            guard !query.contains(where: { $0.name == name }) else {
                throw Refusal("\(shown(name)) comes twice in the query", status: 400)
            }
            query.append((name, try decoded(pair[pair.index(after: equals)...])))
        }
        return query
    }

    /// Nil for a part that is no version at all.
    private static func version(_ part: String) throws(Refusal) -> Int? {
        guard part.hasPrefix("v"), part.dropFirst().allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else {
            return nil
        }
        let numbers = part.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count == 2, numbers[0] == "1", numbers[1].utf8.count <= 4, let minor = Int(numbers[1]) else {
            throw Refusal("\(shown(part)) is not a version of the API", status: 400)
        }
        // In Docker's own words, so that clients ask again in another version.
        if minor > versions.upperBound {
            throw Refusal(
                "client version 1.\(minor) is too new. Maximum supported API version is 1.\(versions.upperBound)",
                status: 400)
        }
        if minor < versions.lowerBound {
            throw Refusal(
                "client version 1.\(minor) is too old. Minimum supported API version is 1.\(versions.lowerBound), "
                    + "please upgrade your client to a newer version", status: 400)
        }
        return minor
    }

    private static func decoded(_ text: Substring) throws(Refusal) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy(Words.isHexDigit),
                let value = UInt8(String(Substring(digits)), radix: 16)
            else { throw Refusal("a percent sign without two hex digits", status: 400) }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Refusal("the request target is not UTF-8", status: 400)
        }
        return decoded
    }

    static func == (one: BrokerTarget, other: BrokerTarget) -> Bool {
        one.version == other.version && one.path == other.path
            && one.query.elementsEqual(other.query) { $0.name == $1.name && $0.value == $1.value }
    }
}

/// Everything but letters, digits and `-._~` as percent signs. `.` and `..` never get here.
func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".unicodeScalars)
    var encoded = ""
    for byte in text.utf8 {
        if Words.isSimple(String(Unicode.Scalar(byte)), 1...1, "-._~") {
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            encoded.unicodeScalars.append("%")
            encoded.unicodeScalars.append(digits[Int(byte >> 4)])
            encoded.unicodeScalars.append(digits[Int(byte & 15)])
        }
    }
    return encoded
}
