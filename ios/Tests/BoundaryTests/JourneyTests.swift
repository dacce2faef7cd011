import CountersignBindings
import Foundation
import XCTest

/// A seed is kept, read as a code, locked away and burned, all over ports written here.
final class JourneyTests: PhoneTestCase {
    func testASeedIsKeptShownLockedAwayAndBurned() async throws {
        let app = try await phone(clock: FunctionClock { now })
        let observer = MemoryObserver()
        try app.observe(observer: observer)
        _ = try await app.addAccount(account: account("mara"))
        XCTAssertEqual(try observer.heard().contains(.accounts), true)
        XCTAssertEqual(try app.codes(now: 59).rows.first?.live?.code, "94287082")
        try await app.lock()
        await throwsFault(.Input(fault: .vaultLocked)) { try app.codes(now: 59) }
        await throwsFault(.Input(fault: .wrongPassphrase)) {
            try await app.unlock(passphrase: Data("another".utf8), cancel: CancelHandle())
        }
        try await app.unlock(passphrase: passphrase, cancel: CancelHandle())

        let token = EmulatedToken.securityKey(serial: 4711, now: now)
        let at = { TokenAt(link: FunctionLink { try token.transmit(command: $0) }, key: .maker, likely: nil) }
        let link = "otpauth://totp/Example:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example"
        let seed = try seedOfLink(link: Data(link.utf8))
        let plan = try await app.planBurn(
            at: at(), seed: seed, settings: BurnSettings(replace: true), cancel: CancelHandle())
        XCTAssertEqual(try plan.row().erases, .nothing)
        let before = token.commands()
        token.lose(more: 2, after: true)
        await throwsFault(.Token(fault: .link(how: .lost))) {
            try await app.burn(at: at(), plan: plan, from: nil, cancel: CancelHandle())
        }
        XCTAssertEqual(token.commands(), before + 3)
        token.comeBack()
        let ending = try await app.burn(at: at(), plan: plan, from: nil, cancel: CancelHandle())
        XCTAssertEqual(ending, .provenByLink)
        let ledger = try await app.ledger(batch: nil)
        XCTAssertEqual(ledger.map(\.name), ["mara"])
        XCTAssertEqual(ledger.map(\.proof), [.byWire])
    }
}
