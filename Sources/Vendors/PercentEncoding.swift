/// A path component or query part: ids and names come from rows and answers, so nothing in them may act as syntax.
func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    // `.` and `..` would be folded by proxies.
    if text == "." || text == ".." { return text.map { _ in "%2E" }.joined() }
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: encoded.unicodeScalars.append(Unicode.Scalar(byte))
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default: encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }
    }
    return encoded
}
