import CountersignBindings
import Foundation
import XCTest

/// Each kind of error has a case of its own; a panic in core is thrown by every call, and the phone goes on.
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
        XCTAssertEqual(try app.lockState(), .locked)
        try await app.unlock(passphrase: passphrase, cancel: CancelHandle())
        XCTAssertEqual(try app.names(), ["mara"])
        _ = try await app.addAccount(account: account("olga", .hotp(counter: 0)))
        XCTAssertEqual(try app.names().count, 2)
    }

    func testAPanicInACallThatOnlyReadsIsAFaultOfOursAndThePhoneGoesOn() async throws {
        let clock = PanickingClock()
        let app = try phoneThatPanics(
            privateFolder: privateFolder, sharedFolder: sharedFolder, keystore: MemoryKeystore(), clock: clock)
        try await app.makeVault()
        let reads: [() throws -> Void] = [{ _ = try app.approvals() }, { _ = try app.notices() }]
        for read in reads {
            clock.panicOnce()
            await throwsFault(.Internal, read)
            XCTAssertNoThrow(try read())
        }
        XCTAssertEqual(try app.lockState(), .open)
        XCTAssertEqual(try app.names(), [])
    }

    func testABellThatPanicsIsASignInThatWaits() async throws {
        let (clock, keystore) = (PanickingClock(), MemoryKeystore())
        _ = try await phone(keystore)
        let inbox = try inboxThatPanics(sharedFolder: sharedFolder, keystore: keystore, clock: clock)
        for _ in 0..<2 {
            clock.panicOnce()
            XCTAssertEqual(inbox.bell(body: Data("no bell".utf8)), .waiting)
        }
    }

    func testOnlyCallsThatCopyAValueCannotThrow() throws {
        let module = try String(contentsOfFile: "Sources/CountersignBindings/CountersignBindings.swift", encoding: .utf8)
        var named = Set<String>()
        for declared in module.components(separatedBy: "\npublic func ").dropFirst()
            + module.components(separatedBy: "\nopen func ").dropFirst()
        {
            let body = declared.components(separatedBy: "\n}")[0]
            guard body.contains("try!"), let name = body.split(separator: "(").first else { continue }
            named.insert(String(name))
        }
        XCTAssertEqual(
            named, ["cancel", "isCancelled", "host", "named", "faults", "bell", "drawnIcon", "drawnIcons"],
            "Swift ends the app where one of these panics")
    }
}
