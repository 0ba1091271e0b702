import Glibc
import IPC
import Logging
import Synchronization

/// The files by which a cluster is reached.
struct AccessFiles: Equatable, Sendable {
    let configuration: String
    let keyring: String
}

/// Finds the cluster. bootstrap-agent writes the access files when there is one, replaces them when something changed
/// and removes them in a clean-up; each question looks again, which costs two `stat`.
final class ClusterAccess: Sendable {
    private struct State {
        var versions: [FileVersion] = []
        var connection: ClusterConnection?
    }

    private let files: AccessFiles
    private let connect: @Sendable (AccessFiles) -> ClusterConnection
    private let logger: Logger
    private let state = Mutex(State())

    init(stateDirectory: String, logger: Logger, connect: @escaping @Sendable (AccessFiles) -> ClusterConnection) {
        files = AccessFiles(
            configuration: stateDirectory + "/ceph.conf", keyring: stateDirectory + "/ceph.client.aquarium.keyring")
        self.logger = logger
        self.connect = connect
    }

    convenience init(stateDirectory: String, logger: Logger) {
        // For all connections together: calls that are stuck in one that was given up keep their threads.
        let pool = BlockingPool(limit: 32)
        self.init(stateDirectory: stateDirectory, logger: logger) { files in
            ClusterConnection(pool: pool, logger: logger) { () throws(RadosError) in try RadosHandle(files) }
        }
    }

    /// The cluster as the files have it now. A connection by older files is given up: its calls go on until they return,
    /// then it is shut down.
    func current() throws(OrchFailure) -> ClusterConnection {
        let versions = [files.configuration, files.keyring].compactMap(FileVersion.init)
        let (connection, isNew) = state.withLock { state in
            if versions == state.versions { return (state.connection, false) }
            state.versions = versions
            state.connection = versions.count == 2 ? connect(files) : nil
            return (state.connection, true)
        }
        if isNew {
            logger.info(connection == nil ? "there is no cluster" : "the cluster's access files are new")
        }
        guard let connection else { throw .absent }
        return connection
    }
}

/// Tells a file from what was or will be in its place.
private struct FileVersion: Equatable {
    let inode: ino_t
    let size: off_t
    let modified: (seconds: Int, nanoseconds: Int)

    /// Nil if there is no file.
    init?(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        inode = info.st_ino
        size = info.st_size
        modified = (info.st_mtim.tv_sec, info.st_mtim.tv_nsec)
    }

    static func == (a: FileVersion, b: FileVersion) -> Bool {
        a.inode == b.inode && a.size == b.size && a.modified == b.modified
    }
}
