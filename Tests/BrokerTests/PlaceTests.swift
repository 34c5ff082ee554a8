import Testing

@testable import Broker

@Suite("Folders that may be bound") struct PlaceTests {
    @Test func theUsualOnesAreValid() throws {
        #expect(BindPlaces(BindPlaces.usual.description) == .usual)
        #expect(BindPlaces.usual.allows("/opt/mypa/agents/pa-ada/data"))
        #expect(BindPlaces.usual.allows("/opt/twenty/alpha"))
    }

    /// A container could plant a link in the upper one and have Docker follow it in the lower one.
    @Test(arguments: [
        "/srv/a:/srv/a/b", "/srv/*:/srv/a/b", "/srv/a/b:/srv/*", "/srv/*/x/*:/srv/y/*", "", "/", "/srv", "srv/a",
        "/srv/../a",
        "/*/a", "/srv/a*", "/srv//a", "/srv/a:", ":/srv/a", "/srv/a/",
    ]) func placesBeneathPlacesAreRefused(text: String) { #expect(BindPlaces(text) == nil) }

    @Test(arguments: ["/srv/a:/srv/b", "/srv/*/data:/srv/*/logs", "/srv/a/*:/srv/b/*/c"])
    func placesBesideEachOtherAreFine(text: String) { #expect(BindPlaces(text) != nil) }
}
