import Foundation

struct EngineEvent: Sendable {
    var number: Int
    var type: String
    var action: String
    var id: String
    var attributes: [String: String]
    var nanoseconds: Int
}

extension DockerWorld {
    mutating func emit(_ type: String, _ action: String, id: String, _ attributes: [String: String]) {
        eventCount += 1
        let time = Int((clock.date(at: now).timeIntervalSince1970 * 1000).rounded()) * 1_000_000
        // No two events share a moment, though the clock may stand still.
        lastNanoseconds = max(lastNanoseconds + 1, time)
        events.append(
            EngineEvent(
                number: eventCount, type: type, action: action, id: id, attributes: attributes,
                nanoseconds: lastNanoseconds))
        if events.count > options.eventMemory { events.removeFirst(events.count - options.eventMemory) }
        touch("events")
    }

    mutating func emit(container id: String, _ action: String, _ more: [String: String] = [:]) {
        guard let container = containers[id] else { return }
        var attributes = container.labels
        attributes["image"] = container.image
        attributes["name"] = container.name
        attributes.merge(more) { _, own in own }
        emit("container", action, id: id, attributes)
    }

    mutating func watchEvents(_ request: EngineRequest) throws -> EngineReply {
        let filters = try filters(
            request,
            known: [
                "type", "event", "label", "container", "image", "network", "volume", "daemon", "scope", "node",
                "service", "secret", "config", "plugin",
            ])
        let since = try request.query["since"].map(Self.nanoseconds)
        let until = try request.query["until"].map(Self.nanoseconds)
        let isOld = version < EngineVersion(1, 52)
        let type = isOld ? "application/json" : "application/x-ndjson"
        let start = since == nil ? eventCount : 0
        return .stream(
            200, [("Content-Type", type)],
            Follow(subject: "events", cursor: start) { world, cursor in
                var text = ""
                for event in world.events where event.number > cursor && event.nanoseconds >= since ?? 0 {
                    guard event.nanoseconds <= until ?? .max else { break }
                    if Self.passes(event, filters) { text += Self.json(event, isOld).description + "\n" }
                }
                cursor = max(cursor, world.eventCount)
                let moment = Int(world.clock.date(at: world.now).timeIntervalSince1970 * 1e9)
                if let until, until <= moment { return .end(Array(text.utf8)) }
                return text.isEmpty ? .pending : .bytes(Array(text.utf8))
            })
    }

    private static func passes(_ event: EngineEvent, _ filters: [String: [String]]) -> Bool {
        filters.allSatisfy { key, values in
            switch key {
            case "type": values.contains(event.type)
            case "event": values.contains { event.action == $0 || event.action.hasPrefix($0 + ":") }
            case "label": values.allSatisfy { matches(label: $0, event.attributes) }
            case "image": values.contains { $0 == event.attributes["image"] || $0 == event.id }
            case "container", "network", "volume":
                event.type == key && values.contains { $0 == event.id || $0 == event.attributes["name"] }
            default: true
            }
        }
    }

    private static func json(_ event: EngineEvent, _ isOld: Bool) -> JSON {
        var json: JSON = [
            "Type": .string(event.type), "Action": .string(event.action), "scope": "local",
            "Actor": ["ID": .string(event.id), "Attributes": .object(event.attributes.mapValues { .string($0) })],
            "time": .int(event.nanoseconds / 1_000_000_000), "timeNano": .int(event.nanoseconds),
        ]
        guard isOld, event.type == "container" || event.type == "image" else { return json }
        json["status"] = .string(event.action)
        json["id"] = .string(event.id)
        if let image = event.attributes["image"] { json["from"] = .string(image) }
        return json
    }

    /// `1700000000`, `1700000000.000000005` or RFC 3339, as nanoseconds.
    static func nanoseconds(_ text: String) throws -> Int {
        if let date = Timestamp.date(text) { return Int(date.timeIntervalSince1970 * 1000) * 1_000_000 }
        let halves = text.split(separator: ".", maxSplits: 1).map(String.init)
        guard let whole = halves.first.flatMap({ Int($0) }) else {
            throw EngineRefusal(400, "failed to parse value as time or duration: \"\(text)\"")
        }
        let part = halves.count > 1 ? String((halves[1] + "000000000").prefix(9)) : "0"
        return whole * 1_000_000_000 + (Int(part) ?? 0)
    }
}

/// `key` or `key=value`.
func matches(label: String, _ labels: [String: String]) -> Bool {
    let halves = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let value = labels[halves[0]] else { return false }
    return halves.count < 2 || value == halves[1]
}
