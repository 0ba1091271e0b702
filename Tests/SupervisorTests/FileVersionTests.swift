import Glibc
import Testing

@testable import supervisor

struct FileVersionTests {
    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
    }

    @Test("a file that is replaced, written to, made or removed is another version; one that is left alone is not")
    func versions() throws {
        var template = Array("/tmp/aquarium-test-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let path = folder + "/program"
        defer {
            unlink(path)
            rmdir(folder)
        }
        let absent = FileVersion(path)
        #expect(absent == FileVersion(folder + "/other"))
        try write("one", to: path)
        let first = FileVersion(path)
        #expect(first != absent)
        #expect(first == FileVersion(path))
        try write("two", to: path + ".new")
        rename(path + ".new", path)
        let second = FileVersion(path)
        #expect(second != first)
        try write("three", to: path)
        #expect(FileVersion(path) != second)
    }
}
