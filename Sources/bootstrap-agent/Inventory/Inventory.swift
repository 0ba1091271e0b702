import IPC

/// What this machine has, and whether that is enough for a storage node.
protocol Inventory: Sendable {
    func requirements() async throws -> Requirements
    func disks() async throws -> [Disk]
    /// The path that a chosen disk has right now. Its id and size are checked again by every call: to be asked just
    /// before use.
    /// - Throws: `Problem` of kind `disk.moved` or `disk.unusable`.
    func device(for disk: ChosenDisk) async throws -> String
    /// The path that the disk of that id and size has right now, whatever is on it: for a disk that this agent has
    /// begun to write to.
    /// - Throws: `Problem` of kind `disk.moved`.
    func path(of disk: ChosenDisk) async throws -> String
    /// The same, just before the disk is erased: nobody asks a person then, and somebody may have put it to use since.
    /// - Parameter fsid: of the cluster that it was written to for.
    /// - Throws: `Problem` of kind `disk.moved`; of kind `disk.unusable` if it has more on it than an OSD of that cluster
    ///   leaves.
    func pathToErase(_ disk: ChosenDisk, of fsid: String) async throws -> String
}
