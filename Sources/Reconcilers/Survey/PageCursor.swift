/// Turns the pages of a list and refuses to turn for ever.
struct PageCursor {
    struct Page: Equatable {
        /// Nil: the first page.
        var cursor: String?
    }
    struct Endless: Error, CustomStringConvertible {
        var description: String { "fly: a list repeats its cursor or has no end; the survey believes none of it" }
    }
    static let maxPages = 2000

    private var upcoming: Page? = Page()
    private var turned = 0

    /// The page to ask for; nil after the last one.
    mutating func next() -> Page? {
        defer { upcoming = nil }
        return upcoming
    }

    mutating func turn(from page: Page, to cursor: String?) throws {
        guard let cursor else { return }
        turned += 1
        guard cursor != page.cursor, turned < Self.maxPages else { throw Endless() }
        upcoming = Page(cursor: cursor)
    }
}
