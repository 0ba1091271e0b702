import CRados

/// One librados handle, connected. Its calls block; librados promises that they may run at the same time.
///
/// `rados_mon_op_timeout` is never set: an mgr command that runs into it leaves a pointer to its ended stack frame
/// behind, and the process dies by SIGSEGV when the mgr comes back (measured with 16.2.15). Time limits are the
/// business of `Lane`.
final class RadosHandle: CommandChannel, @unchecked Sendable {
    private let library: RadosLibrary
    private let cluster: rados_t

    /// Connects as `client.aquarium`; blocks for `client_mount_timeout` at most, the one limit that ends a connect
    /// whose monitors are down.
    init(_ files: AccessFiles) throws(RadosError) {
        library = try RadosLibrary.load()
        var created: rados_t?
        try RadosError.check("rados_create2", library.create2(&created, "ceph", "client.aquarium", 0))
        guard let created else { throw RadosError(call: "rados_create2", code: 12, text: "") }
        cluster = created
        try RadosError.check("rados_conf_read_file", library.confReadFile(cluster, files.configuration))
        try set("keyring", files.keyring)
        try set("client_mount_timeout", "3")
        // Ceph's own lines on stderr would break the log's one-JSON-object-per-line.
        try set("log_to_stderr", "false")
        try set("err_to_stderr", "false")
        // One messenger thread instead of three is plenty for a few commands a second.
        try set("ms_async_op_threads", "1")
        try RadosError.check("rados_connect", library.connect(cluster))
    }

    /// Runs when the last call that was in the handle has returned. Shutting down waits for librados's threads, and for
    /// the network when a daemon is gone: it gets a thread of its own, as nobody waits for it. (Should the system have
    /// none, the handle stays: that costs memory, but never a call.)
    deinit {
        nonisolated(unsafe) let cluster = cluster
        _ = Thread.detach { [library] in library.shutdown(cluster) }
    }

    func send(_ command: [UInt8], to target: Target) throws(RadosError) -> [UInt8] {
        var answer = RadosBuffer()
        var text = RadosBuffer()
        defer {
            answer.free(by: library)
            text.free(by: library)
        }
        let code = (command + [0]).withUnsafeBytes { bytes in
            var words = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let call = target == .mon ? library.monCommand : library.mgrCommand
            return call(cluster, &words, 1, nil, 0, &answer.start, &answer.count, &text.start, &text.count)
        }
        guard code == 0 else {
            throw RadosError(
                call: target == .mon ? "rados_mon_command" : "rados_mgr_command", code: abs(code),
                text: String(decoding: text.bytes, as: UTF8.self))
        }
        return answer.bytes
    }

    private func set(_ option: String, _ value: String) throws(RadosError) {
        try RadosError.check("rados_conf_set \(option)", library.confSet(cluster, option, value))
    }
}

/// Memory that librados allocated.
private struct RadosBuffer {
    var start: UnsafeMutablePointer<CChar>?
    var count = 0

    var bytes: [UInt8] { start.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: count)) } ?? [] }
    func free(by library: RadosLibrary) { if let start { library.bufferFree(start) } }
}
