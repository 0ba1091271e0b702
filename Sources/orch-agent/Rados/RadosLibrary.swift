import CRados
import Glibc

/// librados, as far as it is called. It is loaded when a cluster is first asked something, on the thread that connects:
/// with its fifteen libraries it took half of the agent's start, and a node without a cluster has no use for it.
struct RadosLibrary: @unchecked Sendable {
    let create2: rados_create2_call
    let confReadFile: rados_conf_read_file_call
    let confSet: rados_conf_set_call
    let connect: rados_connect_call
    let shutdown: rados_shutdown_call
    let monCommand: rados_mon_command_call
    let mgrCommand: rados_mgr_command_call
    let bufferFree: rados_buffer_free_call

    private static let name = "librados.so.2"
    private static let loaded = Result { () throws(RadosError) in try RadosLibrary() }

    /// The same for all; blocks while it is being loaded, some 10 ms.
    static func load() throws(RadosError) -> RadosLibrary { try loaded.get() }

    private init() throws(RadosError) {
        guard let library = dlopen(Self.name, RTLD_NOW) else { throw Self.failure }
        create2 = try Self.find("rados_create2", in: library)
        confReadFile = try Self.find("rados_conf_read_file", in: library)
        confSet = try Self.find("rados_conf_set", in: library)
        connect = try Self.find("rados_connect", in: library)
        shutdown = try Self.find("rados_shutdown", in: library)
        monCommand = try Self.find("rados_mon_command", in: library)
        mgrCommand = try Self.find("rados_mgr_command", in: library)
        bufferFree = try Self.find("rados_buffer_free", in: library)
    }

    private static func find<Call>(_ name: String, in library: UnsafeMutableRawPointer) throws(RadosError) -> Call {
        guard let address = dlsym(library, name) else { throw failure }
        return unsafeBitCast(address, to: Call.self)
    }

    private static var failure: RadosError {
        RadosError(call: "dlopen", code: ENOENT, text: dlerror().map { String(cString: $0) } ?? name)
    }
}
