import ArgumentParser
import Operator

struct DNSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dns",
        abstract: "DNS records that the rows want; with --check, which are missing.",
        discussion: """
            Wanted are <name> for each PA, and for services with a host that host: crm-<team>, relay, \
            or the domain itself (an ALIAS). Nothing is changed anywhere: enter what is missing at the \
            DNS provider. --check asks this host's resolver for IPv4 addresses, at most 5 s a name; an \
            ALIAS is judged by the address it leads to.

              converged dns
              converged dns --check --domain team.example.com
              converged dns --check -o json | jq '.[] | select(.state != "ok")'

            Exit codes with --check: 0 all right, 1 one is missing or wrong, 75 the resolver gave no \
            answer for some and the others are right.
            """)

    @Option(help: "Only records of this domain.") var domain: String?
    @Option(help: "Only records that lead to this droplet.") var droplet: String?
    @Flag(help: "Look each of them up.") var check = false
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let filter = NameFilter(domain: domain, droplet: droplet)
        try await Session.run(output) { verbs in
            guard check else { return try await verbs.listNames(filter) }
            return try await verbs.checkNames(filter, lookUp: Resolver().lookUp)
        }
    }
}
