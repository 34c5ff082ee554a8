import Foundation
import Postgres
import Support
import Testing

/// Where the database puts a PA.
@Suite struct PlacementTests {
    @Test func fewestPAsGoFirstAndPortsAreTheLowestFree() async throws {
        try await Fleet.open { fleet in
            var placed: [String] = []
            for name in ["ada", "bob", "cid", "dan"] {
                let (droplet, port) = try await fleet.place(name)
                placed.append("\(droplet) \(port)")
            }
            #expect(placed == ["one 19100", "two 19100", "one 19101", "two 19101"])
            #expect(try await fleet.place("eve", droplet: "two").port == 19102, "a droplet may be named")
        }
    }

    /// All wait for the same lock, then go at once: the worst moment there is.
    @Test func twentyAtOnceGetTwentyPlaces() async throws {
        try await Fleet.open { fleet in
            try await fleet.operators.query("update converged.droplets set most_pas = 10")
            let placed = try await fleet.owner.transaction { blocker in
                try await blocker.query("select converged.lock_placement()")
                let web = fleet.web
                let inserts = (0..<20).map { number in
                    Task {
                        try await web.query(
                            "insert into converged.pas (name, team) values (\("pa\(number)"), 'alpha') returning droplet || ':' || port"
                        ).scalar(as: String.self)
                    }
                }
                try await eventually("20 inserts wait") {
                    try await fleet.owner.query(
                        """
                        select count(*) from pg_locks where locktype = 'advisory' and not granted
                            and database = (select oid from pg_database where datname = current_database())
                        """
                    ).scalar() == 20
                }
                return inserts
            }
            var places: [String] = []
            for insert in placed { places.append(try await insert.value) }
            let wanted = ["one", "two"].flatMap { droplet in (19100..<19110).map { "\(droplet):\($0)" } }
            #expect(places.sorted() == wanted, "every port once, both droplets equally full")
            let full = try #require(
                await fleet.refusal(
                    fleet.web, "insert into converged.pas (name, team) values ('late', 'alpha')"))
            #expect(full.sqlState == "CV503")
            #expect(full.message.contains("one is full: 10 of 10 PAs, two is full: 10 of 10 PAs"))
            #expect(full.hint?.contains("most_pas") == true)
        }
    }

    @Test func aPortIsKeptUntilItsRowIsGone() async throws {
        try await Fleet.open { fleet in
            try await fleet.place("ada", droplet: "one")
            try await fleet.place("bob", droplet: "one")
            try await fleet.web.query("update converged.pas set deleted_at = now() where name = 'ada'")
            #expect(try await fleet.place("cid", droplet: "one").port == 19102, "ada's container may still be there")
            #expect(
                await fleet.refusal(fleet.operators, "insert into converged.pas (name, team) values ('ada', 'alpha')")?
                    .sqlState == "23505", "and so is her name")
            try await fleet.daemon.query("delete from converged.pas where name = 'ada'")
            #expect(try await fleet.place("dan", droplet: "one").port == 19100, "now it is free")
            for change in ["port = 19150", "droplet = 'two'", "name = 'bo'", "team = 'beta'"] {
                let refused = await fleet.refusal(
                    fleet.owner, "update converged.pas set \(raw: change) where name = 'bob'")
                #expect(refused?.sqlState == "23514" && refused?.message.contains("never changes") == true, "\(change)")
            }
        }
    }

    @Test func portsOfServicesAreTakenToo() async throws {
        try await Fleet.open { fleet in
            try await fleet.operators.query(
                """
                insert into converged.services (name, droplet, image, port, container_port)
                values ('cache', 'one', 'redis:7', 19100, 6379)
                """)
            #expect(try await fleet.place("ada", droplet: "one").port == 19101)
            let pa = await fleet.refusal(
                fleet.operators,
                "insert into converged.pas (name, team, droplet, port) values ('bob', 'alpha', 'one', 19100)")
            #expect(pa?.sqlState == "23505" && pa?.hint?.contains("leave the port out") == true)
            let service = await fleet.refusal(
                fleet.operators,
                """
                insert into converged.services (name, droplet, image, port, container_port)
                values ('other', 'one', 'redis:7', 19101, 6379)
                """)
            #expect(service?.sqlState == "23505" && service?.message.contains("is a PA's") == true)
            try await fleet.operators.query("update converged.droplets set last_port = 19101 where name = 'one'")
            let none = await fleet.refusal(
                fleet.web, "insert into converged.pas (name, team, droplet) values ('cid', 'alpha', 'one')")
            #expect(none?.sqlState == "CV503" && none?.message.contains("no free port") == true)
        }
    }

    @Test func aDrainStopsPlacementsAndMovesNothing() async throws {
        try await Fleet.open { fleet in
            try await fleet.place("ada", droplet: "one")
            try await fleet.operators.query("update converged.droplets set draining = true where name = 'one'")
            for name in ["bob", "cid"] { #expect(try await fleet.place(name).droplet == "two") }
            let named = await fleet.refusal(
                fleet.web, "insert into converged.pas (name, team, droplet) values ('dan', 'alpha', 'one')")
            #expect(named?.sqlState == "CV503" && named?.message.contains("one drains") == true)
            let service = await fleet.refusal(
                fleet.operators, "insert into converged.services (name, droplet, image) values ('tez', 'one', 'tez:1')")
            #expect(service?.sqlState == "CV503")
            #expect(try await fleet.owner.query("select from converged.pas where droplet = 'one'").count == 1)
            try await fleet.web.query("update converged.pas set image = 'example/a:2' where name = 'ada'")
            try await fleet.operators.query("update converged.droplets set draining = false where name = 'one'")
            #expect(try await fleet.place("dan").droplet == "one")
        }
    }

    @Test func aTeamWithDropletsOfItsOwnStaysOnThem() async throws {
        try await Fleet.open { fleet in
            try await fleet.operators.query(
                "insert into converged.team_droplets (team, droplet) values ('beta', 'two')")
            for name in ["ada", "bob", "cid"] {
                #expect(try await fleet.place(name, team: "beta").droplet == "two")
                #expect(try await fleet.place("\(name)-a", team: "alpha").droplet == "one", "two belongs to beta")
            }
            let foreign = await fleet.refusal(
                fleet.web, "insert into converged.pas (name, team, droplet) values ('dan', 'alpha', 'two')")
            #expect(foreign?.message.contains("two belongs to other teams") == true)
            let elsewhere = await fleet.refusal(
                fleet.web, "insert into converged.pas (name, team, droplet) values ('dan', 'beta', 'one')")
            #expect(elsewhere?.message.contains("one is none of the team's own") == true)
            #expect([foreign, elsewhere].map { $0?.sqlState } == ["CV503", "CV503"])
            try await fleet.operators.query("update converged.droplets set most_pas = 3 where name = 'two'")
            #expect(
                await fleet.refusal(fleet.web, "insert into converged.pas (name, team) values ('dan', 'beta')")?
                    .sqlState
                    == "CV503", "full is full: it does not spill over to one")
        }
    }

    @Test func anOldSnapshotPlacesNothing() async throws {
        try await Fleet.open { fleet in
            let refused = await #expect(throws: PostgresError.self) {
                try await fleet.web.transaction { connection in
                    try await connection.query("set transaction isolation level repeatable read")
                    try await connection.query("insert into converged.pas (name, team) values ('ada', 'alpha')")
                }
            }
            #expect(refused?.sqlState == "55000")
        }
    }

    @Test func whoWaitsTooLongIsToldWhy() async throws {
        try await Fleet.open { fleet in
            try await fleet.owner.query("alter function converged.lock_placement() set lock_timeout = '50ms'")
            let refused = try await fleet.web.transaction { connection in
                try await connection.query("insert into converged.pas (name, team) values ('ada', 'alpha')")
                try await fleet.daemon.query("update converged.droplets set status = 'reachable'")
                return [
                    await fleet.refusal(fleet.web, "insert into converged.pas (name, team) values ('bob', 'alpha')"),
                    await fleet.refusal(fleet.operators, "update converged.droplets set draining = true"),
                ]
            }
            for error in refused {
                #expect(error?.sqlState == "55P03" && error?.hint?.contains("commit soon") == true)
            }
        }
    }
}
