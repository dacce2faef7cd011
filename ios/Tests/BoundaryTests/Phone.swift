import CountersignBindings
import Foundation
import XCTest

let passphrase = Data("a passphrase".utf8)
/// The seed of RFC 4226 and RFC 6238.
let rfcSeed = Data("12345678901234567890".utf8)
let now: UInt64 = 1_700_000_000

/// A test with folders for one phone, gone after it.
class PhoneTestCase: XCTestCase {
    private(set) var privateFolder = ""
    private(set) var sharedFolder = ""

    override func setUpWithError() throws {
        let top = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        (privateFolder, sharedFolder) = (top.path + "/private", top.path + "/shared")
        for folder in [privateFolder, sharedFolder] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        addTeardownBlock { try? FileManager.default.removeItem(at: top) }
    }

    /// A phone in these folders, with a vault that is open.
    func phone(_ keystore: any KeystorePort = MemoryKeystore(), clock: (any ClockPort)? = nil) async throws -> Countersign {
        let app = try Countersign.open(
            privateFolder: privateFolder, sharedFolder: sharedFolder, roots: [], keystore: keystore, clock: clock)
        try await app.makeVault()
        return app
    }

    /// Fails unless `call` throws a fault of this kind.
    func throwsFault<T>(
        _ wanted: CountersignError, line: UInt = #line, _ call: () async throws -> T
    ) async {
        do {
            _ = try await call()
            XCTFail("nothing was thrown", line: line)
        } catch {
            XCTAssertEqual(error as? CountersignError, wanted, "\(error)", line: line)
        }
    }
}

extension Countersign {
    func makeVault() async throws {
        try await createVault(passphrase: passphrase, device: .smallPhone, cancel: CancelHandle())
    }

    func names(now: UInt64 = 59) throws -> [String] { try codes(now: now).rows.map(\.account.name) }
}

func account(_ name: String, _ kind: AccountKind = .totp(period: 30, start: 0)) -> NewAccount {
    NewAccount(
        issuer: "Example", name: name, note: "", kind: kind, algorithm: .sha1, digits: 8, secret: rfcSeed, pin: nil,
        details: nil)
}

/// Set once, from any thread.
final class Flag: @unchecked Sendable {
    private let condition = NSCondition()
    private var set = false

    var isSet: Bool { condition.withLock { set } }

    func raise() {
        condition.withLock {
            set = true
            condition.broadcast()
        }
    }

    /// Blocks the thread, as a port may.
    func await() {
        condition.lock()
        while !set { condition.wait() }
        condition.unlock()
    }

    /// Waits without blocking a thread of Swift's own; false when it takes too long.
    func comes() async throws -> Bool {
        for _ in 0..<6000 where !isSet { try await Task.sleep(nanoseconds: 5_000_000) }
        return isSet
    }
}
