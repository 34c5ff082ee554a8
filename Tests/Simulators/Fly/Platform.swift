extension FlyWorld {
    func listRegions(_ request: FlyRequest) throws -> FlyReply {
        let rows = Regions.known.map { code in
            "{\"code\":\"\(code)\",\"name\":\"\(code.uppercased())\",\"gateway_available\":true,\"deprecated\":false"
                + ",\"requires_paid_plan\":false}"
        }
        return .json(200, "{\"nearest\":\"iad\",\"regions\":[\(rows.joined(separator: ","))]}")
    }

    /// A dry run: places everything where it is asked.
    func placeMachines(_ request: FlyRequest) throws -> FlyReply {
        guard request.body["org_slug"]?.string == options.org else { throw Refusal.noOrg }
        let region = try Regions.choose(request.body["region"]?.string, volume: nil)
        let count = request.body["count"]?.int ?? 1
        return .json(200, "{\"regions\":[{\"region\":\"\(region)\",\"count\":\(count),\"concurrency\":1}]}")
    }

    func getToken(_ request: FlyRequest) throws -> FlyReply {
        .json(
            200,
            """
            {"tokens":[{"token_id":"1","org_slug":"\(options.org)","organization":"\(options.org)","apps":[],\
            "user":"daemon@example.com"}]}
            """)
    }
}
