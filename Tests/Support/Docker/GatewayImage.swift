import Foundation

extension TestDocker {
    /// How the gateway of an image behaves.
    public enum GatewayLife: String, Sendable {
        /// Answers as contract openclaw says: `/healthz`, and the token at `/tools/invoke`.
        case serves
        /// Runs, and says 503 to everything.
        case sick
        /// Ends at once.
        case ends
    }

    /// A small image in the place of OpenClaw's: `node openclaw.mjs gateway` listens on the port of its openclaw.json, and
    /// `apt-get` and `npm` leave in the container's layer what a checklist asks for.
    public func makeGatewayImage(_ reference: String, _ life: GatewayLife = .serves) async throws {
        try await makeImage(reference + "-box", marker: reference)
        let root = "\(folder)/gateway-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        for (name, text) in Self.programs {
            try FileManager.default.createDirectory(atPath: root + "/usr/local/bin", withIntermediateDirectories: true)
            try text.write(toFile: "\(root)/usr/local/bin/\(name)", atomically: false, encoding: .utf8)
        }
        try FileManager.default.createDirectory(atPath: root + "/etc", withIntermediateDirectories: true)
        try life.rawValue.write(toFile: root + "/etc/gateway-life", atomically: false, encoding: .utf8)
        try await Command.check(["sh", "-ec", "chmod 755 \(root)/usr/local/bin/*"])
        // A container that never runs takes the files: there is no builder to be had without a network.
        let id = try await command(["create", reference + "-box", "true"]).trimmingCharacters(
            in: .whitespacesAndNewlines)
        for folder in ["usr", "etc"] { try await command(["cp", "\(root)/\(folder)", "\(id):/"]) }
        try await command([
            "commit", "--change", "ENV PATH=/usr/local/bin:/bin", "--change", "WORKDIR /tmp", "--change",
            #"CMD ["node","openclaw.mjs","gateway"]"#, id, reference,
        ])
        try await command(["rm", id])
        try await command(["rmi", reference + "-box"])
    }

    private static let programs = [
        "node": """
        #!/bin/sh
        # As process 1 it has to hear SIGTERM itself.
        trap 'kill $server; exit 0' TERM
        life=$(cat /etc/gateway-life)
        [ "$life" != ends ] || { echo "the gateway cannot start"; exit 3; }
        config=$(tr -d '\\n' </home/node/.openclaw/openclaw.json)
        port=$(echo "$config" | sed -n 's/.*"port" *: *\\([0-9]*\\).*/\\1/p')
        echo "gateway on port $port"
        nc -ll -p "$port" -e answer &
        server=$!
        wait $server
        """,
        "answer": """
        #!/bin/sh
        read -r method path version
        token='' length=0
        while read -r name value && [ "$name" != "$(printf '\\r')" ] && [ -n "$name" ]; do
          case $name in
            [Aa]uthorization:) token=$(echo "$value" | sed 's/^Bearer //' | tr -d '\\r') ;;
            [Cc]ontent-[Ll]ength:) length=$(echo "$value" | tr -d '\\r') ;;
          esac
        done
        [ "$length" = 0 ] || head -c "$length" >/dev/null
        own=$(tr -d '\\n' </home/node/.openclaw/openclaw.json | sed -n 's/.*"token" *: *"\\([^"]*\\)".*/\\1/p')
        status='404 Not Found'
        case "$(cat /etc/gateway-life) $path" in
          sick*) status='503 Service Unavailable' ;;
          *' /healthz') status='200 OK' ;;
          *' /tools/invoke') [ "$token" = "$own" ] || status='401 Unauthorized' ;;
        esac
        printf 'HTTP/1.1 %s\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{}' "$status"
        """,
        "apt-get": """
        #!/bin/sh
        case "$*" in *install*chromium*) printf '#!/bin/sh\\n' >/bin/chromium; chmod 755 /bin/chromium ;; esac
        """,
        // busybox's own knows no long options.
        "timeout": """
        #!/bin/sh
        shift 2
        exec "$@"
        """,
        "npm": """
        #!/bin/sh
        case "$*" in
          *install*mcporter*) touch /bin/mcporter ;;
          *ls*mcporter*|*list*mcporter*) [ -e /bin/mcporter ] ;;
        esac
        """,
    ]
}
