import CountersignBindings
import XCTest

/// Each kind of error has a case of its own; a panic in core in a call that can throw is thrown, and the phone goes on.
final class ErrorTests: PhoneTestCase {
    func testEachKindOfErrorArrives() async {
        await throwsFault(.Input(fault: .sheetLine(line: 7))) { try failWith(kind: .input) }
        await throwsFault(.Gateway(fault: .busy(seconds: 30))) { try failWith(kind: .gateway) }
        await throwsFault(.Port(fault: .diskFull)) { try failWith(kind: .port) }
        await throwsFault(.Internal) { try failWith(kind: .internal) }
    }

    func testAPanicInACallThatWaitsIsAFaultOfOursAndThePhoneGoesOn() async throws {
        let clock = PanickingClock()
        let app = try phoneThatPanics(
            privateFolder: privateFolder, sharedFolder: sharedFolder, keystore: MemoryKeystore(), clock: clock)
        try await app.makeVault()
        _ = try await app.addAccount(account: account("mara"))
        clock.panicOnce()
        await throwsFault(.Internal) { try await app.addAccount(account: account("olga", .hotp(counter: 0))) }
        // It may have been half done: the vault is read anew, and asks for its passphrase.
        XCTAssertThrowsError(try app.codes(now: 59))
        XCTAssertEqual(app.lockState(), .locked)
        try await app.unlock(passphrase: passphrase, cancel: CancelHandle())
        XCTAssertEqual(try app.names(), ["mara"])
        _ = try await app.addAccount(account: account("olga", .hotp(counter: 0)))
        XCTAssertEqual(try app.names().count, 2)
    }
}
