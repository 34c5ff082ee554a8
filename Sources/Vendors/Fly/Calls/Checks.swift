import FoundationEssentials
import Outbound

extension FlyClient {
    /// Checks of every machine of the app and region in one call, read as it arrives: a shared app's list has tens of
    /// megabytes.
    public func listHealth(app: String, region: String) async throws -> [FlyHealth] {
        let call = listCall(app: app, region: region)
        let response = try await stream(call)
        var elements = JSONElements()
        var health: [FlyHealth] = []
        let decoder = JSONDecoder()
        do {
            try await response.forEachChunk { chunk in
                // One machine that cannot be read must not hide the others.
                health += try elements.feed(chunk).compactMap { try? decoder.decode(FlyHealth.self, from: Data($0)) }
            }
        } catch let error as OutboundError {
            throw try failure(error, of: call)
        } catch let error as JSONElements.Malformed {
            throw FlyError(.unavailable, call.action, target: app, message: error.reason, requestID: response.requestID)
        }
        guard elements.isComplete else {
            throw FlyError(
                .unavailable, call.action, target: app, message: "the list broke off", requestID: response.requestID)
        }
        return health
    }
}
