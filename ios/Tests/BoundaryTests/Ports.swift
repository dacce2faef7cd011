import CountersignBindings
import Foundation

/// Keys in memory. `onPrompt` is what a person does while the platform asks.
final class MemoryKeystore: KeystorePort, @unchecked Sendable {
    private let lock = NSLock()
    private var keys: [String: (approves: Bool, key: SigningKey)] = [:]
    private let device = SealingKey()
    private let user = SealingKey()
    private let onPrompt: @Sendable (CancelHandle) throws -> Void

    init(onPrompt: @escaping @Sendable (CancelHandle) throws -> Void = { _ in }) {
        self.onPrompt = onPrompt
    }

    func level() throws -> Level { .software }

    func generate(purpose: Purpose, name: String, cancel: CancelHandle) throws -> Data {
        try cancel.check()
        let made = SigningKey()
        let approves = if case .approve = purpose { true } else { false }
        lock.withLock { keys[name] = (approves, made) }
        return made.sec1
    }

    /// There is no hardware that would write anything of it.
    func generateAttested(
        purpose: Purpose, name: String, challenge: Data, cancel: CancelHandle
    ) throws -> AttestedKey {
        AttestedKey(key: try generate(purpose: purpose, name: name, cancel: cancel), chain: [])
    }

    func signApproval(name: String, prompt: Prompt, input: Data, cancel: CancelHandle) throws -> Data {
        let key = try key(name, approves: true)
        try onPrompt(cancel)
        try cancel.check()
        return key.sign(input)
    }

    func signProof(name: String, input: Data) throws -> Data {
        try key(name, approves: false).sign(input)
    }

    func wrap(under: Guard, secret: Data, cancel: CancelHandle) throws -> Data {
        try ask(under, cancel).seal(secret)
    }

    func unwrap(under: Guard, sealed: Data, cancel: CancelHandle) throws -> Data {
        guard let opened = try ask(under, cancel).open(sealed) else { throw ShellError.Port(fault: .failed) }
        return opened
    }

    func delete(name: String) throws {
        _ = lock.withLock { keys.removeValue(forKey: name) }
    }

    func list() throws -> [String] { lock.withLock { Array(keys.keys) } }

    private func ask(_ under: Guard, _ cancel: CancelHandle) throws -> SealingKey {
        if under == .user { try onPrompt(cancel) }
        try cancel.check()
        return under == .user ? user : device
    }

    private func key(_ name: String, approves: Bool) throws -> SigningKey {
        guard let made = lock.withLock({ keys[name] }), made.approves == approves else {
            throw ShellError.Port(fault: .keyGone)
        }
        return made.key
    }
}

/// A keystore that differs in something from one that is right.
class OtherKeystore: KeystorePort, @unchecked Sendable {
    let keys = MemoryKeystore()
    func level() throws -> Level { try keys.level() }
    func generate(purpose: Purpose, name: String, cancel: CancelHandle) throws -> Data {
        try keys.generate(purpose: purpose, name: name, cancel: cancel)
    }
    func generateAttested(
        purpose: Purpose, name: String, challenge: Data, cancel: CancelHandle
    ) throws -> AttestedKey {
        try keys.generateAttested(purpose: purpose, name: name, challenge: challenge, cancel: cancel)
    }
    func signApproval(name: String, prompt: Prompt, input: Data, cancel: CancelHandle) throws -> Data {
        try keys.signApproval(name: name, prompt: prompt, input: input, cancel: cancel)
    }
    func signProof(name: String, input: Data) throws -> Data { try keys.signProof(name: name, input: input) }
    func wrap(under: Guard, secret: Data, cancel: CancelHandle) throws -> Data {
        try keys.wrap(under: under, secret: secret, cancel: cancel)
    }
    func unwrap(under: Guard, sealed: Data, cancel: CancelHandle) throws -> Data {
        try keys.unwrap(under: under, sealed: sealed, cancel: cancel)
    }
    func delete(name: String) throws { try keys.delete(name: name) }
    func list() throws -> [String] { try keys.list() }
}

extension CancelHandle {
    /// Throws where the call was cancelled, as every port does that waits.
    func check() throws {
        if isCancelled() { throw ShellError.Port(fault: .cancelled) }
    }
}

/// Remembers what changed, and tells it.
final class MemoryObserver: ObserverPort, Hearing, @unchecked Sendable {
    private let lock = NSLock()
    private var topics: [Topic] = []
    private let deaf: Topic?

    init(deafTo deaf: Topic? = nil) { self.deaf = deaf }

    func changed(topic: Topic) throws {
        if topic != deaf { lock.withLock { topics.append(topic) } }
    }

    func heard() throws -> [Topic] { lock.withLock { topics } }
}

/// A clock that says what it was made with.
final class FunctionClock: ClockPort {
    private let time: @Sendable () throws -> UInt64
    init(_ time: @escaping @Sendable () throws -> UInt64) { self.time = time }
    func now() throws -> UInt64 { try time() }
}

/// A link of the shell's own.
final class FunctionLink: TokenLinkPort {
    private let answer: @Sendable (Data) throws -> Data
    init(_ answer: @escaping @Sendable (Data) throws -> Data) { self.answer = answer }
    func transmit(command: Data) throws -> Data { try answer(command) }
}
