import CPostgres

/// Bound values in the form libpq reads: one block of memory, with a NUL after each text.
struct Parameters: Sendable {
    private var memory: [CChar] = []
    /// Offset into `memory`; nil is NULL.
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init(_ cells: [PostgresCell?]) throws {
        guard cells.count <= 65_535 else {
            throw PostgresError(.encoding, "\(cells.count) values in one statement, 65535 are allowed: bind arrays")
        }
        memory.reserveCapacity(cells.reduce(0) { $0 + ($1?.bytes.count ?? 0) + 1 })
        for (index, cell) in cells.enumerated() {
            guard let cell else {
                offsets.append(nil)
                lengths.append(0)
                formats.append(0)
                continue
            }
            // libpq would stop at the NUL and store half of the text.
            if !cell.isBinary, cell.bytes.contains(0) {
                throw PostgresError(.encoding, "value $\(index + 1) holds a NUL, which Postgres cannot store in a text")
            }
            offsets.append(memory.count)
            lengths.append(Int32(cell.bytes.count))
            formats.append(cell.isBinary ? 1 : 0)
            cell.bytes.withUnsafeBytes { memory.append(contentsOf: $0.bindMemory(to: CChar.self)) }
            memory.append(0)
        }
    }

    func send(name: String, on connection: OpaquePointer) -> Bool {
        withPointers { pointers in
            PQsendQueryPrepared(connection, name, Int32(pointers.count), pointers.baseAddress, lengths, formats, 0) == 1
        }
    }

    func send(text: String, on connection: OpaquePointer) -> Bool {
        withPointers { pointers in
            PQsendQueryParams(
                connection, text, Int32(pointers.count), nil, pointers.baseAddress, lengths, formats, 0) == 1
        }
    }

    private func withPointers(_ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Bool) -> Bool {
        memory.withUnsafeBufferPointer { memory in
            let pointers = offsets.map { offset in offset.flatMap { memory.baseAddress?.advanced(by: $0) } }
            return pointers.withUnsafeBufferPointer(body)
        }
    }
}
