import CountersignBindings
import Foundation
import XCTest

/// The phone as a notification extension has it.
final class InboxTests: PhoneTestCase {
    func testWhereNoAppWasThereIsNone() async {
        await throwsFault(.Port(fault: .unavailable)) { try inbox(MemoryKeystore()) }
    }

    func testALockedKeystoreOpensNone() async throws {
        final class Locked: OtherKeystore, @unchecked Sendable {
            var isLocked = false
            override func unwrap(under: Guard, sealed: Data, cancel: CancelHandle) throws -> Data {
                if isLocked { throw ShellError.Port(fault: .locked) }
                return try super.unwrap(under: under, sealed: sealed, cancel: cancel)
            }
        }
        let keystore = Locked()
        _ = try await phone(keystore)
        keystore.isLocked = true
        await throwsFault(.Port(fault: .locked)) { try inbox(keystore) }
    }

    func testWhatIsNoBellIsNoMoreThanWaitingAndNothingIsLeftForTheApp() async throws {
        let keystore = MemoryKeystore()
        let app = try await phone(keystore)
        let inbox = try inbox(keystore)
        for body in [Data(), Data("no bell".utf8), Data(repeating: 7, count: 1126), Data(count: 100_000)] {
            XCTAssertEqual(inbox.bell(body: body), .waiting)
        }
        let found = try await app.takeInbox()
        XCTAssertFalse(found)
        XCTAssertTrue(try app.approvals().isEmpty)
    }

    private func inbox(_ keystore: any KeystorePort) throws -> Inbox {
        try Inbox.open(sharedFolder: sharedFolder, keystore: keystore, clock: FunctionClock { now })
    }
}
