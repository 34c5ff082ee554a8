/// Labels of what we make on a droplet. What has no owner label of ours is somebody else's and is never touched.
public enum Marks {
    /// `pa/<id>`, `service/<id>` or `droplet/<name>`.
    public static let owner = "converged.owner"
    public static let droplet = "converged.droplet"
    /// The row's generation when the container was made.
    public static let generation = "converged.generation"
    /// Hash of the specification it was made from.
    public static let spec = "converged.spec"
    /// Number of the create, stored in `converged.containers` before it was sent.
    public static let epoch = "converged.epoch"
}
