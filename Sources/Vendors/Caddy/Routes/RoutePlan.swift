/// How a server's routes get from what they are to what is wanted. Pure.
///
/// Ours are found by `@id` and nothing else; every other route goes back byte for byte, in its order. Ours stand before
/// the first route that would take their requests away, such as a catch-all at the end or a wildcard host. A planned
/// list planned again is settled.
public struct RoutePlan: Sendable, Equatable {
    /// `nil`: nothing to do.
    public private(set) var change: RouteChange?
    public private(set) var blocks: [RouteBlock] = []

    /// - Parameters:
    ///   - wanted: routes that have to be there. Ours that are not named here or in `unwanted` are left alone, so a plan
    ///     can be made for one object as well as for a droplet.
    ///   - unwanted: `@id`s that have to be gone. Only these are removed: nothing follows from a short `wanted`.
    ///   - current: the JSON array of the server's routes, or `null`.
    public init(wanted: [CaddyRoute], unwanted: Set<CaddyName> = [], current: [UInt8]) throws {
        let elements = try RouteElement.all(in: current)
        let unwanted = unwanted.subtracting(wanted.map(\.id))
        let active = choose(from: wanted, unwanted: unwanted, among: elements)
        var layout = RouteLayout(elements, wanted: active, unwanted: unwanted)
        try layout.arrange()
        guard !layout.steps.isEmpty else { return }
        change = RouteChange(steps: layout.steps, array: layout.array, countBefore: elements.count)
    }

    /// Those of the wanted that nobody stands in the way of.
    private mutating func choose(
        from wanted: [CaddyRoute], unwanted: Set<CaddyName>, among elements: [RouteElement]
    ) -> [CaddyName: CaddyRoute] {
        let present = Set(elements.compactMap(\.id))
        // Who is there already keeps the name.
        let ordered = wanted.sorted { one, other in
            let (isHere, isOtherHere) = (present.contains(one.id.text), present.contains(other.id.text))
            return isHere == isOtherHere ? one.id < other.id : isHere
        }
        var active: [CaddyName: CaddyRoute] = [:]
        var holders: [CaddyHost: CaddyName] = [:]
        for route in ordered where active[route.id] != route {
            if let other = active[route.id]?.id ?? holders[route.host] {
                blocks.append(RouteBlock(id: route.id, host: route.host, reason: .wantedTwice(other: other)))
            } else {
                active[route.id] = route
                holders[route.host] = route.id
            }
        }
        // A blocked route stays as it is, which can put it in the way of another.
        while let block = firstForeign(in: active, unwanted: unwanted, among: elements) {
            blocks.append(block)
            active[block.id] = nil
        }
        return active
    }

    private func firstForeign(
        in active: [CaddyName: CaddyRoute], unwanted: Set<CaddyName>, among elements: [RouteElement]
    ) -> RouteBlock? {
        let ours = Set((Set(active.keys).union(unwanted)).map(\.text))
        for (index, element) in elements.enumerated() where element.id.map({ !ours.contains($0) }) ?? true {
            guard let route = active.values.filter({ element.names($0.host) }).min(by: { $0.id < $1.id })
            else { continue }
            return RouteBlock(
                id: route.id, host: route.host, reason: .foreignHost(index: index, id: element.id))
        }
        return nil
    }
}
