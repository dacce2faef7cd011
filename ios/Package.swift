// swift-tools-version: 6.0
import PackageDescription

// `cargo xtask test --only swift-bindings` lays this package into target/swift, with what is generated beside it, and runs
// its tests there. The library is the one of the contract suites, which holds the bindings too.
let library = "/rust"

let package = Package(
    name: "Countersign",
    targets: [
        .systemLibrary(name: "CountersignBindingsFFI"),
        .systemLibrary(name: "CountersignContractFFI"),
        // What Linux has in CryptoKit's place; the tests' keystore alone uses it.
        .systemLibrary(name: "Crypto"),
        .target(
            name: "CountersignBindings",
            dependencies: ["CountersignBindingsFFI", "CountersignContractFFI"],
            linkerSettings: [.unsafeFlags(["-L\(library)"]), .linkedLibrary("countersign_contract")]),
        .testTarget(
            name: "BoundaryTests", dependencies: ["CountersignBindings", "Crypto"],
            linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", library])]),
    ],
    swiftLanguageModes: [.v6]
)
