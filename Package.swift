// swift-tools-version: 6.2
import PackageDescription

// Import rules: an executable imports IPC and libraries, never another executable. What two processes both
// need, one asks of the other through an operation declared in Sources/IPC/Operations.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Where `make release` puts libstdc++ as an archive, for the processes to link instead of the shared library, whose 1,600
/// symbols are bound one by one at each start. Not orch-agent: librados brings the shared one.
let processes: [LinkerSetting] = [.unsafeFlags(["-L\(Context.packageDirectory)/build/static"])]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "aquarium",
    products: [.library(name: "IPC", targets: ["IPC"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CRados", providers: [.apt(["librados-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .target(name: "CLaunch"),
        .target(
            name: "IPC", dependencies: ["CLaunch", "CSeccomp", logging, nioCore, nioPosix],
            swiftSettings: strict),
        .executableTarget(
            name: "aquariumctl", dependencies: ["IPC", argumentParser, logging, nioCore, nioPosix],
            swiftSettings: strict),
        .executableTarget(
            name: "bootstrap-agent", dependencies: ["IPC", logging, subprocess, systemPackage],
            swiftSettings: strict, linkerSettings: processes),
        .executableTarget(
            name: "gateway",
            dependencies: ["IPC", logging, nioCore, nioHTTP1, nioPosix],
            swiftSettings: strict, linkerSettings: processes),
        .executableTarget(
            name: "orch-agent", dependencies: ["CLaunch", "CRados", "IPC", logging], swiftSettings: strict),
        .executableTarget(
            name: "probe", dependencies: ["CSeccomp", "IPC", logging], path: "Tests/probe", swiftSettings: strict),
        .executableTarget(
            name: "supervisor", dependencies: ["CLaunch", "IPC", logging, nioCore, nioPosix],
            swiftSettings: strict, linkerSettings: processes),
        .testTarget(
            name: "AquariumctlTests", dependencies: ["aquariumctl", "IPC", logging, nioCore, nioPosix],
            swiftSettings: strict),
        .testTarget(
            name: "BootstrapAgentTests", dependencies: ["bootstrap-agent", "IPC"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "GatewayTests",
            dependencies: ["gateway", "IPC", logging, nioCore, nioHTTP1, nioPosix],
            swiftSettings: strict),
        .testTarget(
            name: "IPCTests",
            dependencies: ["CSeccomp", "IPC", "probe", logging, nioCore, nioPosix, subprocess, systemPackage],
            swiftSettings: strict),
        .testTarget(
            name: "OrchAgentTests", dependencies: ["IPC", "orch-agent", logging, nioPosix], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "SupervisorTests",
            dependencies: ["CLaunch", "gateway", "IPC", "supervisor", logging, nioCore, nioPosix],
            exclude: ["Fixtures"], swiftSettings: strict),
    ]
)
