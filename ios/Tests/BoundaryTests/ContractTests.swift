import CountersignBindings
import Foundation
import XCTest

/// The suites of core, each on a port written here, and on a broken one that it must refuse.
final class ContractTests: XCTestCase {
    private func refuses(_ rule: String, line: UInt = #line, _ suite: () throws -> Void) {
        XCTAssertThrowsError(try suite(), line: line) { error in
            guard case ContractError.Broken(let broken) = error else { return XCTFail("\(error)", line: line) }
            XCTAssertTrue(broken.contains(rule), broken, line: line)
        }
    }

    func testAKeystore() throws { try checkKeystore(keystore: MemoryKeystore()) }

    func testAKeystoreWithOneWrappingKeyIsRefused() {
        final class OneKey: OtherKeystore, @unchecked Sendable {
            override func wrap(under: Guard, secret: Data, cancel: CancelHandle) throws -> Data {
                try keys.wrap(under: .device, secret: secret, cancel: cancel)
            }
            override func unwrap(under: Guard, sealed: Data, cancel: CancelHandle) throws -> Data {
                try keys.unwrap(under: .device, sealed: sealed, cancel: cancel)
            }
        }
        refuses("opens nothing of the other") { try checkKeystore(keystore: OneKey()) }
    }

    func testAKeystoreThatIsDeafToACancelIsRefused() {
        final class Deaf: OtherKeystore, @unchecked Sendable {
            override func signApproval(
                name: String, prompt: Prompt, input: Data, cancel: CancelHandle
            ) throws -> Data {
                try keys.signApproval(name: name, prompt: prompt, input: input, cancel: CancelHandle())
            }
        }
        refuses("cancelled") { try checkKeystore(keystore: Deaf()) }
    }

    func testAClock() throws { try checkClock(clock: FunctionClock { now }) }

    func testAClockInMillisecondsIsRefused() {
        refuses("in seconds") { try checkClock(clock: FunctionClock { now * 1000 }) }
    }

    func testAClockThatThrowsIsTheMachines() throws {
        try checkClock(clock: FunctionClock { throw ShellError.Port(fault: .failed) })
    }

    func testAnObserver() throws {
        let observer = MemoryObserver()
        try checkObserver(observer: observer, hearing: observer)
    }

    func testAnObserverThatMissesATopicIsRefused() {
        let observer = MemoryObserver(deafTo: .lock)
        refuses("Lock is heard") { try checkObserver(observer: observer, hearing: observer) }
    }

    private let token = EmulatedToken.securityKey(serial: 7, now: now)

    func testALinkToAToken() throws {
        try checkLink(link: FunctionLink { [token] in try token.transmit(command: $0) }, token: token)
    }

    func testALinkThatTakesALostTokenForARefusalIsRefused() {
        let link = FunctionLink { [token] in (try? token.transmit(command: $0)) ?? Data([0x6F, 0]) }
        refuses("that is gone") { try checkLink(link: link, token: token) }
    }

    func testALinkThatTakesARefusalForAFailureIsRefused() {
        let link = FunctionLink { [token] in
            let answer = try token.transmit(command: $0)
            if answer.count == 2 { throw LinkError.Lost }
            return answer
        }
        refuses("a refusal is an answer") { try checkLink(link: link, token: token) }
    }
}
