/// The documented fields of request bodies. What is sent beyond them is a violation: a client writes strictly.
indirect enum Shape: Sendable {
    case any
    case object([String: Shape])
    /// Free keys, values of one shape.
    case map(Shape)
    case array(Shape)

    /// Paths of fields that the shape doesn't have.
    func unknown(in value: JSON, at path: String = "") -> [String] {
        switch (self, value) {
        case (.object(let known), .object(let fields)):
            fields.sorted { $0.key < $1.key }.flatMap { key, value in
                known[key].map { $0.unknown(in: value, at: path + "." + key) } ?? [path + "." + key]
            }
        case (.map(let shape), .object(let fields)):
            fields.flatMap { shape.unknown(in: $0.value, at: path + "." + $0.key) }
        case (.array(let shape), .array(let items)):
            items.enumerated().flatMap { shape.unknown(in: $0.element, at: path + "[\($0.offset)]") }
        default: []
        }
    }

    /// Names parted by spaces, of any shape, and those whose shape is known.
    static func fields(_ names: String, _ more: [String: Shape] = [:]) -> Shape {
        var known = more
        for name in names.split(separator: " ") { known[String(name)] = .any }
        return .object(known)
    }
}
