/// The new order of a server's routes, and the steps to it.
struct RouteLayout {
    private let elements: [RouteElement]
    private let wanted: [CaddyName: CaddyRoute]
    private let names: [String: CaddyName]
    private var pieces: [[UInt8]] = []
    private(set) var steps: [RouteStep] = []

    init(_ elements: [RouteElement], wanted: [CaddyName: CaddyRoute], unwanted: Set<CaddyName>) {
        self.elements = elements
        self.wanted = wanted
        names = Dictionary(uniqueKeysWithValues: Set(wanted.keys).union(unwanted).map { ($0.text, $0) })
    }

    var array: [UInt8] { Array("[".utf8) + Array(pieces.joined(separator: [UInt8(ascii: ",")])) + Array("]".utf8) }

    mutating func arrange() throws {
        let firsts = Dictionary(elements.indices.compactMap { i in name(of: i).map { ($0, i) } }) { first, _ in first }
        var arrivals: [Int: [CaddyRoute]] = [:]
        for route in wanted.values.sorted(by: { $0.id < $1.id }) {
            let limit = limit(for: route)
            if let place = firsts[route.id], place < limit { continue }
            arrivals[limit, default: []].append(route)
        }
        for index in 0...elements.count {
            for route in arrivals[index] ?? [] { try place(route, before: index, was: firsts[route.id]) }
            guard index < elements.count else { break }
            try pass(index, firsts)
        }
        steps.sort { ($0.index, $0.id) < ($1.index, $1.id) }
    }

    /// The element of this index, where it stands.
    private mutating func pass(_ index: Int, _ firsts: [CaddyName: Int]) throws {
        guard let name = name(of: index) else { return pieces.append(elements[index].bytes) }
        guard let route = wanted[name] else { return steps.append(RouteStep(kind: .remove, id: name, index: index)) }
        guard firsts[name] == index else {
            return steps.append(RouteStep(kind: .removeDuplicate, id: name, index: index))
        }
        guard index < limit(for: route) else { return }  // has been placed before
        if elements[index].json == route.json { return pieces.append(elements[index].bytes) }
        let bytes = try encoded(route.json)
        pieces.append(bytes)
        steps.append(RouteStep(kind: .replace, id: name, index: index, route: bytes))
    }

    private mutating func place(_ route: CaddyRoute, before index: Int, was place: Int?) throws {
        let bytes = try encoded(route.json)
        pieces.append(bytes)
        steps.append(
            RouteStep(kind: place == nil ? .add : .move, id: route.id, index: place ?? index, route: bytes))
    }

    /// Index of the first foreign route that would take this one's requests.
    private func limit(for route: CaddyRoute) -> Int {
        elements.indices.first { name(of: $0) == nil && elements[$0].catches(route.host) } ?? elements.count
    }

    private func name(of index: Int) -> CaddyName? { elements[index].id.flatMap { names[$0] } }
}
