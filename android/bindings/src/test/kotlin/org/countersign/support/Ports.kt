package org.countersign.support

import java.math.BigInteger
import java.security.GeneralSecurityException
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.SecureRandom
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import org.countersign.bindings.AttestedKey
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.ClockPort
import org.countersign.bindings.Guard
import org.countersign.bindings.KeystorePort
import org.countersign.bindings.Level
import org.countersign.bindings.ObserverPort
import org.countersign.bindings.PortFault
import org.countersign.bindings.Prompt
import org.countersign.bindings.Purpose
import org.countersign.bindings.ShellException
import org.countersign.bindings.Topic

private const val COORDINATE = 32
private const val NONCE = 12
private const val TAG_BITS = 128

/** Keys in memory. [onPrompt] is what a person does while the platform asks. */
class MemoryKeystore(private val onPrompt: (CancelHandle) -> Unit = {}) : KeystorePort {
    private class Made(val approves: Boolean, val pair: KeyPair)

    private val keys = ConcurrentHashMap<String, Made>()
    private val guards = Guard.entries.associateWith { wrappingKey() }

    override fun level(): Level = Level.SOFTWARE

    override fun generate(purpose: Purpose, name: String, cancel: CancelHandle): ByteArray {
        cancel.check()
        val generator = KeyPairGenerator.getInstance("EC")
        generator.initialize(ECGenParameterSpec("secp256r1"))
        val made = Made(purpose is Purpose.Approve, generator.generateKeyPair())
        keys[name] = made
        return (made.pair.public as ECPublicKey).sec1()
    }

    /** There is no hardware that would write anything of it. */
    override fun generateAttested(purpose: Purpose, name: String, challenge: ByteArray, cancel: CancelHandle) =
        AttestedKey(generate(purpose, name, cancel), emptyList())

    override fun signApproval(name: String, prompt: Prompt, input: ByteArray, cancel: CancelHandle): ByteArray {
        val key = key(name, approves = true)
        onPrompt(cancel)
        cancel.check()
        return key.sign(input)
    }

    override fun signProof(name: String, input: ByteArray): ByteArray = key(name, approves = false).sign(input)

    override fun wrap(under: Guard, secret: ByteArray, cancel: CancelHandle): ByteArray {
        if (under == Guard.USER) onPrompt(cancel)
        cancel.check()
        val nonce = ByteArray(NONCE).also(SecureRandom()::nextBytes)
        return nonce + cipher(Cipher.ENCRYPT_MODE, under, nonce).doFinal(secret)
    }

    override fun unwrap(under: Guard, sealed: ByteArray, cancel: CancelHandle): ByteArray {
        if (under == Guard.USER) onPrompt(cancel)
        cancel.check()
        if (sealed.size < NONCE) throw ShellException.Port(PortFault.FAILED)
        return try {
            val nonce = sealed.copyOf(NONCE)
            cipher(Cipher.DECRYPT_MODE, under, nonce).doFinal(sealed, NONCE, sealed.size - NONCE)
        } catch (_: GeneralSecurityException) {
            throw ShellException.Port(PortFault.FAILED)
        }
    }

    override fun delete(name: String) {
        keys.remove(name)
    }

    override fun list(): List<String> = keys.keys.toList()

    private fun key(name: String, approves: Boolean): Made =
        keys[name]?.takeIf { it.approves == approves } ?: throw ShellException.Port(PortFault.KEY_GONE)

    private fun Made.sign(input: ByteArray): ByteArray = Signature.getInstance("SHA256withECDSA").run {
        initSign(pair.private)
        update(input)
        sign()
    }

    private fun cipher(mode: Int, under: Guard, nonce: ByteArray): Cipher =
        Cipher.getInstance("AES/GCM/NoPadding").apply {
            init(mode, guards.getValue(under), GCMParameterSpec(TAG_BITS, nonce))
        }

    private fun wrappingKey(): SecretKey = KeyGenerator.getInstance("AES").apply { init(TAG_BITS) }.generateKey()
}

/** Throws where the call was cancelled, as every port does that waits. */
fun CancelHandle.check() {
    if (isCancelled()) throw ShellException.Port(PortFault.CANCELLED)
}

private fun ECPublicKey.sec1(): ByteArray = byteArrayOf(4) + w.affineX.coordinate() + w.affineY.coordinate()

private fun BigInteger.coordinate(): ByteArray {
    val bytes = toByteArray().takeLast(COORDINATE).toByteArray()
    return ByteArray(COORDINATE - bytes.size) + bytes
}

/** Remembers what changed. */
class MemoryObserver : ObserverPort {
    private val topics = CopyOnWriteArrayList<Topic>()

    override fun changed(topic: Topic) {
        topics += topic
    }

    fun heard(): List<Topic> = topics.toList()
}

/** A clock that stands where it was set. */
class StillClock(@Volatile var time: ULong) : ClockPort {
    override fun now(): ULong = time
}
