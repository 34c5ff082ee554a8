import Foundation

/// `make demo`: the whole path on this machine, with nothing simulated but the vendor.
do {
    let stage = try await Stage.build()
    let isClean = try await Show(stage).run()
    await stage.clear()
    exit(isClean ? 0 : 1)
} catch {
    print("\nThe demo failed: \(error)")
    exit(1)
}
