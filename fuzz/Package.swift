// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that building the appliance builds nothing of it. `make fuzz` builds and runs it.
let package = Package(
    name: "fuzz",
    dependencies: [
        .package(name: "aquarium", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CFuzzer",
                .product(name: "IPC", package: "aquarium"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            // gold stops with an internal error on what the sanitizers add.
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
    ]
)
