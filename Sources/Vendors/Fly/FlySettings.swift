/// Where the Machines API is and as whom it is called.
public struct FlySettings: Sendable {
    /// `https://api.machines.dev/v1`, or `http://_api.internal:4280/v1` inside the private network.
    public var url: String
    /// Slug of the organisation that apps are created in and that the survey lists.
    public var org: String
    /// Asked for every call, so that a renewed credential is used at once.
    public var token: @Sendable () -> FlyToken

    public init(
        url: String = "https://api.machines.dev/v1", org: String, token: @escaping @Sendable () -> FlyToken
    ) {
        self.url = url
        self.org = org
        self.token = token
    }

    public init(url: String = "https://api.machines.dev/v1", org: String, token: FlyToken) {
        self.init(url: url, org: org, token: { token })
    }
}
