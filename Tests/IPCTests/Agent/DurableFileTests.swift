import Glibc
import IPC
import Testing

@Suite struct DurableFileTests {
    @Test("a value is there again, for its owner alone, and no other file is left")
    func roundTrip() throws {
        try withFolder { folder in
            let file = DurableFile<[String: Int]>(folder + "/state.json")
            #expect(try file.load() == nil)
            try file.save(["phase": 3])
            #expect(try file.load() == ["phase": 3])
            var info = stat()
            #expect(stat(file.path, &info) == 0)
            #expect(info.st_mode & 0o7777 == 0o600)
            #expect(access(file.path + ".new", F_OK) != 0)
            try file.remove()
            #expect(try file.load() == nil)
            try file.remove()
        }
    }

    @Test("what can't be written leaves the old value")
    func failedWrite() throws {
        try withFolder { folder in
            let file = DurableFile<[String: Int]>(folder + "/state.json")
            try file.save(["phase": 1])
            #expect(mkdir(file.path + ".new", 0o700) == 0)
            #expect(throws: DurableFile<[String: Int]>.Failure.self) { try file.save(["phase": 2]) }
            #expect(try file.load() == ["phase": 1])
        }
    }

    @Test("garbage in the file is an error, not an absent value")
    func garbage() throws {
        try withFolder { folder in
            let other = DurableFile<String>(folder + "/state.json")
            try other.save("text")
            #expect(throws: (any Error).self) { try DurableFile<[String: Int]>(other.path).load() }
        }
    }

    @Test("a configuration may say what it likes to, and nothing else")
    func configuration() throws {
        try withFolder { folder in
            let path = folder + "/aquarium.json"
            #expect(try Configuration.load(path) == .default)
            try DurableFile<[String: String]>(path).save(["listen": "10.0.0.1:80"])
            #expect(try Configuration.load(path).listen == "10.0.0.1:80")
            try DurableFile<[String: String]>(path).save(["listne": "10.0.0.1:80"])
            #expect(throws: Problem.self) { try Configuration.load(path) }
        }
    }
}

func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/aquarium-test-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer {
        for name in ["state.json", "aquarium.json"] { unlink("\(folder)/\(name)") }
        rmdir(folder + "/state.json.new")
        rmdir(folder)
    }
    try body(folder)
}
