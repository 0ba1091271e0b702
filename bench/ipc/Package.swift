// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that building the appliance builds nothing of it.
let package = Package(
    name: "bench-ipc",
    dependencies: [
        .package(name: "aquarium", path: "../.."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "echo-agent", dependencies: [.product(name: "IPC", package: "aquarium")]),
        .executableTarget(
            name: "envelope-echo",
            dependencies: [
                .product(name: "IPC", package: "aquarium"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
    ]
)
