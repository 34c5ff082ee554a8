import Foundation
import Testing

@testable import Reconcilers

@Suite struct RowFaultTests {
    @Test(arguments: [
        "nginx", "library/nginx:1.27", "ghcr.io/openclaw/openclaw:2026.2.22", "localhost:5000/a/b", "a__b/c-d.e",
        "registry-1.docker.io/library/ubuntu@sha256:\(String(repeating: "0", count: 64))",
    ])
    func anImageReferenceIsAccepted(text: String) {
        #expect(ImageReference.isValid(text))
    }

    @Test(arguments: [
        "", " ", "a b", "UPPER/case", "a:", "a:b:c", "a@sha256:12", "a//b", "/a", "a/", "a:-x", "a@b@c", "ümlaut",
        "a\nb", "-a", "ghcr.io/x:\(String(repeating: "t", count: 129))",
    ])
    func nonsenseIsNoImageReference(text: String) {
        #expect(!ImageReference.isValid(text))
    }

    @Test(arguments: ["AGENTMAIL_API_KEY", "fly_api_token", "Stripe_Secret_Key", "1ST", "A-B", "", "A=B", "A B"])
    func anEnvironmentNameIsRefused(name: String) {
        var desired = ModelDesired.make(.perUser)
        desired.environment = [name: "x"]
        desired.prepare()
        #expect(desired.fault?.reason == .invalidEnvironment)
    }

    @Test func theRowIsJudgedBeforeAnybodyIsAsked() {
        let cases: [(Reason, (inout DesiredMachine) -> Void)] = [
            (.unknownProfile, { $0.profile = nil }),
            (.invalidImage, { $0.image = "not an image" }),
            (.invalidRegion, { $0.region = "europe" }),
            (.specRefused, { $0.profile?.app = "Under_Score" }),
        ]
        for (reason, spoil) in cases {
            var desired = ModelDesired.make(.perUser)
            spoil(&desired)
            desired.prepare()
            let view = MachineView(desired: desired, memory: MachineMemory(), now: .distantPast)
            guard case .end(.blocked(let found, let message, nil)) = view.next() else {
                Issue.record("\(reason) does not block")
                continue
            }
            #expect(found == reason)
            #expect(!message.isEmpty)
        }
    }
}
