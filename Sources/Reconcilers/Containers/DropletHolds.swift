/// What the survey of a droplet holds up for everything on it, as two columns of a row's own statement: creates and deletes,
/// then repairs.
enum DropletHolds {
    /// - Parameter droplet: the column that names it.
    static func columns(of droplet: String) -> String {
        """
        exists (select from converged.conditions n where n.kind = 'droplet' and n.key = \(droplet)
                and n.type = 'Surveyed' and n.status = 'False' and n.reason = 'PopulationDropped'),
            exists (select from converged.conditions n where n.kind = 'droplet' and n.key = \(droplet)
                and n.type = 'Repairs' and n.status = 'False')
        """
    }
}
