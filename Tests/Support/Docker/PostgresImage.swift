import Foundation

extension TestDocker {
    /// Of the host's own PostgreSQL and the libraries that it needs: a real server and real programs, without a network.
    /// It runs as `postgres`, of trust to whoever comes by its socket, on `/var/lib/postgresql/data`.
    public func makePostgresImage(_ reference: String) async throws {
        let root = "\(folder)/postgres-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try Self.start.write(toFile: root + "/start", atomically: false, encoding: .utf8)
        try await Command.check(["sh", "-euc", Self.fill, "sh", root])
        let settings = [
            "ENV PATH=\(Self.programs):/bin", "USER postgres", #"ENTRYPOINT ["sh","/start"]"#,
        ]
        try await command(["import"] + settings.flatMap { ["--change", $0] } + [root + "/image.tar", reference])
    }

    private static let programs = "/usr/lib/postgresql/15/bin"

    private static let start = """
        data=/var/lib/postgresql/data
        [ -s $data/PG_VERSION ] || initdb -D $data -U postgres --no-locale -E UTF8 -A trust >/dev/null
        exec postgres -D $data -c listen_addresses= -c fsync=off
        """

    /// Libraries keep the paths by which the loader looks for them.
    private static let fill = #"""
        image=$1/image home=/usr/lib/postgresql/15
        mkdir -p $image/bin $image/etc $image/tmp $image/var/run/postgresql $image/var/lib/postgresql/data
        cp /bin/busybox $image/bin
        for name in sh cat cp rm head sleep wc chmod mv; do ln -s busybox $image/bin/$name; done
        cp "$1/start" $image/start
        mkdir -p $image$home/lib $image/usr/share/postgresql
        cp -r $home/bin $image$home
        for name in plpgsql dict_snowball; do cp $home/lib/$name.so $image$home/lib; done
        cp -rL /usr/share/postgresql/15 $image/usr/share/postgresql
        cp -rL --parents /usr/share/zoneinfo/Etc $image
        for name in postgres initdb pg_dump pg_restore psql pg_isready createdb; do ldd $home/bin/$name; done |
          grep -o '/[^ ]*' | sort -u | while read -r file; do cp -L --parents "$file" $image; done
        printf 'root:x:0:0::/:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\n' >$image/etc/passwd
        printf 'root:x:0:\npostgres:x:999:\n' >$image/etc/group
        chmod 1777 $image/tmp
        chown -R 999:999 $image/var/lib/postgresql $image/var/run/postgresql
        tar -C $image -cf $1/image.tar .
        """#
}
