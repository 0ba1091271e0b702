import CFuzzer
import Glibc

/// `fuzz TARGET ARGUMENT…`: runs one target; the arguments are libFuzzer's own.
@main enum Main {
    private static let targets = [
        "line": LineTarget.test, "envelope": EnvelopeTarget.test, "params": ParamsTarget.test,
    ]
    /// Set once, before the fuzzer begins.
    nonisolated(unsafe) fileprivate static var target: ([UInt8]) -> Void = { _ in }

    static func main() {
        guard let chosen = CommandLine.arguments.dropFirst().first.flatMap({ targets[$0] }) else {
            print("usage: fuzz line|envelope|params ARGUMENT…")
            exit(2)
        }
        target = chosen
        var argc = CommandLine.argc - 1
        var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
        exit(LLVMFuzzerRunDriver(&argc, &argv, testOneInput))
    }
}

/// Under this name because libFuzzer's own `main`, which is linked but does not run, asks for it.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    Main.target(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

/// A finding: libFuzzer keeps the input that led to it.
func finding(_ what: String) -> Never {
    fatalError("finding: \(what)")
}
