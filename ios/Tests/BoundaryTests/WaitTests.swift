import CountersignBindings
import Foundation
import XCTest

/// Calls that wait for a port, and others beside them.
final class WaitTests: PhoneTestCase {
    private let asked = Flag()

    func testACallIsCancelledByItsHandle() async throws {
        let app = try await phone(
            MemoryKeystore { [asked] cancel in
                asked.raise()
                while !cancel.isCancelled() { Thread.sleep(forTimeInterval: 0.001) }
                try cancel.check()
            })
        let handle = CancelHandle()
        let call = Task { try await app.addKeystoreSlot(cancel: handle) }
        let came = try await asked.comes()
        XCTAssertTrue(came)
        handle.cancel()
        await throwsFault(.Port(fault: .cancelled)) { try await call.value }
        let slots = try await app.slots()
        XCTAssertEqual(slots.count, 1, "nothing was added")
    }

    func testATaskThatIsCancelledTakesItsCallAlong() async throws {
        let heard = Flag()
        let app = try await phone(
            MemoryKeystore { [asked] cancel in
                asked.raise()
                while !cancel.isCancelled() { Thread.sleep(forTimeInterval: 0.001) }
                heard.raise()
                try cancel.check()
            })
        let call = Task { try await cancelling { try await app.addKeystoreSlot(cancel: $0) } }
        let came = try await asked.comes()
        XCTAssertTrue(came)
        call.cancel()
        let reached = try await heard.comes()
        XCTAssertTrue(reached, "the port hears of it")
        await throwsFault(.Port(fault: .cancelled)) { try await call.value }
        let slots = try await app.slots()
        XCTAssertEqual(slots.count, 1, "nothing was added")
    }

    func testATaskThatWasCancelledBeforeStopsItsCallAtOnce() async throws {
        let app = try await phone()
        let call = Task {
            while !Task.isCancelled { await Task.yield() }
            try await cancelling { try await app.addKeystoreSlot(cancel: $0) }
        }
        call.cancel()
        await throwsFault(.Port(fault: .cancelled)) { try await call.value }
    }

    func testATaskThatGoesOnHasWhatItsCallReturns() async throws {
        let app = try await phone()
        let id = try await cancelling { _ in try await app.addAccount(account: account("mara")) }
        let note = try await app.note(id: id)
        XCTAssertEqual(note, "")
    }

    func testAHandleThatWasCancelledBeforeStopsACallAtOnce() async throws {
        let app = try await phone()
        let handle = CancelHandle()
        handle.cancel()
        await throwsFault(.Port(fault: .cancelled)) { try await app.addKeystoreSlot(cancel: handle) }
    }

    func testTheListStaysReadableWhileAPortBlocksForEver() async throws {
        let (released, ended) = (Flag(), Flag())
        let app = try await phone(
            MemoryKeystore { [asked] _ in
                asked.raise()
                released.await()
            })
        _ = try await app.addAccount(account: account("mara"))
        let call = Task {
            try await app.addKeystoreSlot(cancel: CancelHandle())
            ended.raise()
        }
        let came = try await asked.comes()
        XCTAssertTrue(came)
        for _ in 0..<100 { XCTAssertEqual(try app.codes(now: 59).rows.first?.live?.code, "94287082") }
        _ = try await app.addAccount(account: account("olga", .hotp(counter: 0)))
        XCTAssertEqual(try app.names(), ["mara", "olga"], "it is changed, too")
        XCTAssertFalse(ended.isSet, "and the port still blocks")
        released.raise()
        try await call.value
        let slots = try await app.slots()
        XCTAssertEqual(slots.count, 2)
    }
}
