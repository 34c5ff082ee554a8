/// Finds the name that was probably meant.
public enum Spelling {
    /// `; did you mean X?`, or nothing when no name is near.
    public static func suggest(_ word: String, among names: some Sequence<String>) -> String {
        guard let nearest = findNearest(to: word, among: names) else { return "" }
        return "; did you mean \(nearest)?"
    }

    /// The nearest name within a third of the word's length.
    static func findNearest(to word: String, among names: some Sequence<String>) -> String? {
        let limit = max(2, word.count / 3)
        let rated = names.map { ($0, distance(Array(word.lowercased().utf8), Array($0.lowercased().utf8))) }
        guard let best = rated.min(by: { $0.1 < $1.1 }), best.1 <= limit else { return nil }
        return best.0
    }

    /// Letters to insert, remove or replace (Levenshtein).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, from) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, to) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = from == to ? diagonal : 1 + min(diagonal, above, row[j])
                diagonal = above
            }
        }
        return row[right.count]
    }
}
