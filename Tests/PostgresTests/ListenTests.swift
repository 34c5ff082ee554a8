import Postgres
import Support
import Testing

@Suite("Listening")
struct ListenTests {
    @Test func noticesArriveAndALostConnectionComesBack() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open()
        var notices = database.listen(["wake", "Odd \"name"]).makeAsyncIterator()
        #expect(await notices.next() == .connected)
        try await database.batch(["SELECT pg_notify('wake', 'a')", "SELECT pg_notify('Odd \"name', 'ß')"])
        #expect(await notices.next() == .notification(channel: "wake", payload: "a"))
        #expect(await notices.next() == .notification(channel: "Odd \"name", payload: "ß"))
        try await test.terminateSessions()
        #expect(await notices.next() == .connected)
        try await database.query("SELECT pg_notify('wake', 'b')")
        #expect(await notices.next() == .notification(channel: "wake", payload: "b"))
        await database.close()
    }

    @Test func theEndOfTheReaderEndsTheConnection() async throws {
        let test = try await TestDatabase.make(migrated: false)
        let database = test.open()
        let reader = Task {
            for await _ in database.listen(["wake"]) {}
        }
        func listeners() async throws -> Int {
            try await database.query(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            ).scalar()
        }
        try await eventually("it listens") { try await listeners() == 1 }
        reader.cancel()
        try await eventually("it is gone") { try await listeners() == 0 }
        await reader.value
        await database.close()
    }

    @Test func theEndOfTheDatabaseEndsTheStream() async throws {
        let database = try await TestDatabase.make(migrated: false).open()
        var notices = database.listen(["wake"]).makeAsyncIterator()
        #expect(await notices.next() == .connected)
        await database.close()
        #expect(await notices.next() == nil)
        var late = database.listen(["wake"]).makeAsyncIterator()
        while let notice = await late.next() { #expect(notice == .connected) }
    }
}
