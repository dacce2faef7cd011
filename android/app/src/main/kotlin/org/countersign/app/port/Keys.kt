package org.countersign.app.port

import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import java.security.GeneralSecurityException
import java.security.KeyStore
import java.security.PrivateKey
import java.security.ProviderException
import java.security.Signature
import java.security.UnrecoverableKeyException
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import org.countersign.bindings.AttestedKey
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.Guard
import org.countersign.bindings.KeystorePort
import org.countersign.bindings.Level
import org.countersign.bindings.PortFault
import org.countersign.bindings.Prompt
import org.countersign.bindings.Purpose
import org.countersign.bindings.ShellException
import org.countersign.bindings.UserVerification
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain

/** Keys of the platform: made there, used there, never read. Those that ask for the person do so by [asker]. */
class Keys(private val asker: Asker) : KeystorePort {
    private val store by lazy { KeyStore.getInstance(KEYSTORE).apply { load(null) } }

    override fun level(): Level = guarded { levelOf(guard(Guard.DEVICE)) }

    override fun generate(purpose: Purpose, name: String, cancel: CancelHandle): ByteArray =
        guarded { sec1(makePair(begun(purpose, name, cancel), purpose)) }

    override fun generateAttested(
        purpose: Purpose,
        name: String,
        challenge: ByteArray,
        cancel: CancelHandle,
    ): AttestedKey = guarded {
        val alias = begun(purpose, name, cancel)
        val attested = attestedPair(alias, purpose, challenge)
        // A key that nothing is written of signs a certificate of its own, which proves nothing.
        val chain = if (attested == null) emptyList() else store.getCertificateChain(alias).orEmpty().map { it.encoded }
        AttestedKey(sec1(attested ?: makePair(alias, purpose)), chain)
    }

    /** What the key to be made is called. The one before it is gone. */
    private fun begun(purpose: Purpose, name: String, cancel: CancelHandle): String {
        cancel.check()
        delete(name)
        return aliasOf(purpose, name)
    }

    override fun signApproval(name: String, prompt: Prompt, input: ByteArray, cancel: CancelHandle): ByteArray =
        guarded {
            cancel.check()
            val verification = UserVerification.entries.firstOrNull { store.containsAlias(approves(it, name)) }
            val signature = signer(approves(verification ?: throw gone(), name))
            val question = question(prompt, mayUseScreenLock = verification == UserVerification.ANY)
            asker.ask(question, CryptoObject(signature), cancel)
            signature.sign(input)
        }

    override fun signProof(name: String, input: ByteArray): ByteArray =
        guarded { signer(aliasOf(Purpose.Prove, name)).sign(input) }

    override fun wrap(under: Guard, secret: ByteArray, cancel: CancelHandle): ByteArray = guarded {
        cancel.check()
        val cipher = sealing(under)
        askFor(under, cipher, cancel)
        cipher.iv + cipher.doFinal(secret)
    }

    override fun unwrap(under: Guard, sealed: ByteArray, cancel: CancelHandle): ByteArray = guarded {
        cancel.check()
        if (sealed.size < NONCE) throw fault(PortFault.FAILED)
        val key = store.getKey(aliasOf(under), null) as SecretKey? ?: throw gone()
        val parameters = GCMParameterSpec(TAG_BITS, sealed, 0, NONCE)
        val cipher = cipher().apply { init(Cipher.DECRYPT_MODE, key, parameters) }
        askFor(under, cipher, cancel)
        cipher.doFinal(sealed, NONCE, sealed.size - NONCE)
    }

    override fun delete(name: String) = guarded {
        aliasesOf(name).filter(store::containsAlias).forEach(store::deleteEntry)
    }

    override fun list(): List<String> = guarded {
        val aliases = store.aliases().toList()
        SIGNING.flatMap { kind -> aliases.filter { it.startsWith(kind) }.map { it.removePrefix(kind) } }
    }

    /** The key behind [under], made where there is none yet. */
    private fun guard(under: Guard): SecretKey =
        store.getKey(aliasOf(under), null) as SecretKey? ?: makeGuard(aliasOf(under), under)

    /** A guard that the phone gave up, after a new fingerprint or without its screen lock, is made anew: it seals nothing now. */
    private fun sealing(under: Guard): Cipher {
        val begun = { cipher().apply { init(Cipher.ENCRYPT_MODE, guard(under)) } }
        return try {
            begun()
        } catch (given: GeneralSecurityException) {
            if (under != Guard.USER || !isGivenUp(given)) throw given
            store.deleteEntry(aliasOf(under))
            begun()
        }
    }

    private fun signer(alias: String): Signature {
        val key = store.getKey(alias, null) as PrivateKey? ?: throw gone()
        return Signature.getInstance("SHA256withECDSA").apply { initSign(key) }
    }

    private fun askFor(under: Guard, cipher: Cipher, cancel: CancelHandle) {
        if (under == Guard.USER) asker.ask(IS_IT_YOU, CryptoObject(cipher), cancel)
    }

    private fun Signature.sign(input: ByteArray): ByteArray {
        update(input)
        return sign()
    }

    private fun cipher() = Cipher.getInstance("AES/GCM/NoPadding")
}

/** What is signed, in the words that the screen before it has. Before an enrolment there is no account. */
private fun question(prompt: Prompt, mayUseScreenLock: Boolean): Question {
    val host = plain(prompt.host)
    if (prompt.account.isEmpty()) return Question(Say.phoneScanEnrolTitle, host, mayUseScreenLock)
    val about = Say.phoneUnlockPromptApproveAbout(plain(prompt.account), host)
    return Question(Say.phoneUnlockPromptApprove(plain(prompt.app)), about, mayUseScreenLock)
}

private val IS_IT_YOU = Question(Say.phoneUnlockPromptYou, null, mayUseScreenLock = true)

/** Runs what asks the platform's keystore, and says by a name of ours what went wrong. */
private inline fun <T> guarded(call: () -> T): T = try {
    call()
} catch (_: UserNotAuthenticatedException) {
    throw fault(PortFault.LOCKED)
} catch (_: KeyRefused) {
    throw fault(PortFault.UNAVAILABLE)
} catch (given: GeneralSecurityException) {
    throw if (isGivenUp(given)) gone() else fault(PortFault.FAILED)
} catch (_: ProviderException) {
    throw fault(PortFault.FAILED)
} catch (_: IllegalStateException) {
    // What the keystore itself throws, in place of an exception that is declared.
    throw fault(PortFault.FAILED)
}

/** Whether the phone gave the key up for good. It says so as the key is fetched, or as it is first used. */
private fun isGivenUp(fault: GeneralSecurityException) =
    fault is KeyPermanentlyInvalidatedException || fault is UnrecoverableKeyException

internal fun fault(what: PortFault): ShellException = ShellException.Port(what)

private fun gone() = fault(PortFault.KEY_GONE)

/** Throws where the call was cancelled. */
internal fun CancelHandle.check() {
    if (isCancelled()) throw fault(PortFault.CANCELLED)
}

private const val TAG_BITS = 128
private const val NONCE = 12
