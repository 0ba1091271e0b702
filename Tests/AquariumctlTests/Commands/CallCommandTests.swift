import Testing

@testable import aquariumctl

@Suite struct CallCommandTests {
    @Test("a line goes as it is, and what comes back is printed as it is")
    func answer() async throws {
        try await withLibrary { folder in
            let run = await Run("call shelf-agent --run-dir \(folder)", #"{"id":7,"method":"dust.count"}"#)
            #expect(run.code == 0)
            #expect(run.out == #"{"jsonrpc":"2.0","id":7,"result":{"agent":"shelf"}}"# + "\n")
        }
    }

    @Test("an error in the reply is printed and ends with 1")
    func error() async throws {
        try await withLibrary { folder in
            let run = await Run("call attic --run-dir \(folder)", #"{"id":7,"method":"no.such"}"#)
            #expect(run.code == 1)
            #expect(run.out.contains("method.unknown"))
        }
    }

    @Test("a batch ends with 1 if any of its replies is an error, and with 0 if none is")
    func batch() async throws {
        try await withLibrary { folder in
            let (good, bad) = (#"{"id":1,"method":"dust.count"}"#, #"{"id":2,"method":"no.such"}"#)
            for (line, code) in [("[\(good)]", 0), ("[\(good),\(bad)]", 1), ("[\(bad)]", 1)] as [(String, Int32)] {
                let run = await Run("call attic --run-dir \(folder)", line)
                #expect(run.code == code, "\(line)")
                #expect(run.out.hasPrefix("["))
            }
        }
    }

    @Test("an unknown agent is a usage error that tells the known ones")
    func unknown() async {
        let run = await Run("call cellar {}")
        #expect(run.code == 2)
        #expect(run.err.contains("'shelf'") && run.err.contains("'attic'"))
    }

    @Test("discover prints the agent's document")
    func discover() async throws {
        try await withLibrary { folder in
            let run = await Run("discover shelf --run-dir \(folder)")
            #expect(run.code == 0)
            #expect(run.out.contains(#""openrpc""#) && run.out.contains("books.put_away"))
        }
    }
}
