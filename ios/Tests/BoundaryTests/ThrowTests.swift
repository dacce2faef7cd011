import CountersignBindings
import Foundation
import XCTest

/// What a port of the shell throws.
final class ThrowTests: PhoneTestCase {
    private func fault(of thrown: any Error & Sendable, is wanted: PortFault) async throws {
        let app = try await phone(MemoryKeystore { _ in throw thrown })
        await throwsFault(.Port(fault: wanted)) { try await app.addKeystoreSlot(cancel: CancelHandle()) }
        let slots = try await app.slots()
        XCTAssertEqual(slots.count, 1, "the object stays usable")
    }

    func testAReasonWithANameReachesTheCaller() async throws {
        try await fault(of: ShellError.Port(fault: .userRefused), is: .userRefused)
    }

    func testAnythingElseIsAFailureWithoutItsWords() async throws {
        struct Words: Error { let text = "words that no log may hold" }
        try await fault(of: Words(), is: .failed)
    }

    func testAnObserverThatThrowsStopsNobody() async throws {
        final class Broken: ObserverPort {
            func changed(topic: Topic) throws { throw ShellError.Port(fault: .failed) }
        }
        let app = try await phone()
        try app.observe(observer: Broken())
        _ = try await app.addAccount(account: account("mara"))
        XCTAssertEqual(try app.names(), ["mara"])
    }

    func testAKeystoreThatCannotSayItsLevelOpensNoPhone() async {
        final class Silent: OtherKeystore, @unchecked Sendable {
            override func level() throws -> Level { throw ShellError.Port(fault: .locked) }
        }
        await throwsFault(.Port(fault: .locked)) { try await phone(Silent()) }
    }
}
