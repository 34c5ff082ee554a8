import FoundationEssentials

/// Which of the machines that need a repair may have it now. Pure (design law 9).
struct Repairs: Sendable, Equatable {
    struct Need: Sendable, Equatable {
        var row: UUID
        var profile: String
        /// A job is at it already: it holds a place.
        var isUnderway: Bool
    }

    /// To be woken.
    var allowed: [UUID] = []
    /// Needs beyond the limit, by profile.
    var held: [String: Int] = [:]

    /// Places go to those that have one, then by id: the same machines in every pass until they are well, so that a
    /// cause that no repair cures stops at the limit instead of working through the group.
    static func choose(among needs: [Need], groups: [String: Int], share: Share) -> Repairs {
        var repairs = Repairs()
        for (profile, members) in Dictionary(grouping: needs, by: \.profile) {
            let limit = share.of(groups[profile] ?? members.count)
            let order = members.sorted { one, other in
                one.isUnderway == other.isUnderway ? one.row.uuidString < other.row.uuidString : one.isUnderway
            }
            repairs.allowed += order.prefix(limit).filter { !$0.isUnderway }.map(\.row)
            if order.count > limit { repairs.held[profile] = order.count - limit }
        }
        repairs.allowed.sort { $0.uuidString < $1.uuidString }
        return repairs
    }
}
