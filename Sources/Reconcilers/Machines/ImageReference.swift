/// The grammar of image references, as far as it keeps nonsense away from the vendor:
/// `[host[:port]/]path[:tag][@sha256:digest]`.
enum ImageReference {
    static func isValid(_ text: String) -> Bool {
        guard (1...500).contains(text.utf8.count) else { return false }
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return false }
        if halves.count == 2, !isDigest(halves[1]) { return false }
        var parts = halves[0].split(separator: "/", omittingEmptySubsequences: false)
        guard var last = parts.popLast() else { return false }
        if let colon = last.firstIndex(of: ":") {
            guard isTag(last[last.index(after: colon)...]) else { return false }
            last = last[..<colon]
        }
        parts.append(last)
        if parts.count > 1, isHost(parts[0]) { parts.removeFirst() }
        return parts.allSatisfy(isPathComponent)
    }

    private static func isDigest(_ text: Substring) -> Bool {
        let hex = text.dropFirst("sha256:".count)
        return text.hasPrefix("sha256:") && hex.utf8.count == 64
            && hex.utf8.allSatisfy { isDigit($0) || (97...102).contains($0) }
    }

    private static func isTag(_ text: Substring) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.first != 45 && text.utf8.first != 46
            && text.utf8.allSatisfy { isDigit($0) || isLetter($0) || $0 == 95 || $0 == 45 || $0 == 46 }
    }

    private static func isHost(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard text == "localhost" || text.contains(".") || parts.count == 2 else { return false }
        let port = parts.count == 2 ? parts[1] : "1"
        return parts.count <= 2 && !port.isEmpty && port.utf8.allSatisfy(isDigit) && !parts[0].isEmpty
            && parts[0].utf8.allSatisfy { isDigit($0) || isLetter($0) || $0 == 45 || $0 == 46 }
    }

    private static func isPathComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return (isDigit(first) || isLower(first)) && (isDigit(last) || isLower(last))
            && text.utf8.allSatisfy { isDigit($0) || isLower($0) || $0 == 95 || $0 == 45 || $0 == 46 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isLower(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte) || (65...90).contains(byte) }
}
