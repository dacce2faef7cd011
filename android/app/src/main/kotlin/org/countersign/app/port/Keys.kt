package org.countersign.app.port

import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import java.security.GeneralSecurityException
import java.security.KeyStore
import java.security.PrivateKey
import java.security.ProviderException
import java.security.Signature
import java.security.interfaces.ECPublicKey
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.Guard
import org.countersign.bindings.KeystorePort
import org.countersign.bindings.Level
import org.countersign.bindings.PortFault
import org.countersign.bindings.Prompt
import org.countersign.bindings.Purpose
import org.countersign.bindings.ShellException
import org.countersign.bindings.UserVerification

/** Keys of the platform: made there, used there, never read. Those that ask for the person do so by [asker]. */
class Keys(private val asker: Asker) : KeystorePort {
    private val store by lazy { KeyStore.getInstance(KEYSTORE).apply { load(null) } }

    override fun level(): Level = guarded { levelOf(guard(Guard.DEVICE)) }

    override fun generate(purpose: Purpose, name: String, cancel: CancelHandle): ByteArray = guarded {
        cancel.check()
        delete(name)
        val alias = aliasOf(purpose, name)
        val pair = makePair(alias, purpose)
        sec1(pair.public as ECPublicKey)
    }

    override fun signApproval(name: String, prompt: Prompt, input: ByteArray, cancel: CancelHandle): ByteArray =
        guarded {
            cancel.check()
            val verification = UserVerification.entries.firstOrNull { store.containsAlias(approves(it, name)) }
            val signature = signer(approves(verification ?: throw gone(), name))
            val question = Question(
                prompt.app,
                "${prompt.account} · ${prompt.host}",
                verification == UserVerification.ANY,
            )
            asker.ask(question, CryptoObject(signature), cancel)
            signature.sign(input)
        }

    override fun signProof(name: String, input: ByteArray): ByteArray =
        guarded { signer(aliasOf(Purpose.Prove, name)).sign(input) }

    override fun wrap(under: Guard, secret: ByteArray, cancel: CancelHandle): ByteArray = guarded {
        cancel.check()
        val cipher = cipher().apply { init(Cipher.ENCRYPT_MODE, guard(under)) }
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

    private fun signer(alias: String): Signature {
        val key = store.getKey(alias, null) as PrivateKey? ?: throw gone()
        return Signature.getInstance("SHA256withECDSA").apply { initSign(key) }
    }

    private fun askFor(under: Guard, cipher: Cipher, cancel: CancelHandle) {
        if (under == Guard.USER) asker.ask(Question(null, null, mayUseScreenLock = true), CryptoObject(cipher), cancel)
    }

    private fun Signature.sign(input: ByteArray): ByteArray {
        update(input)
        return sign()
    }

    private fun cipher() = Cipher.getInstance("AES/GCM/NoPadding")
}

/** Runs what asks the platform's keystore, and says by a name of ours what went wrong. */
private inline fun <T> guarded(call: () -> T): T = try {
    call()
} catch (_: KeyPermanentlyInvalidatedException) {
    throw gone()
} catch (_: UserNotAuthenticatedException) {
    throw fault(PortFault.LOCKED)
} catch (_: KeyRefused) {
    throw fault(PortFault.UNAVAILABLE)
} catch (_: GeneralSecurityException) {
    throw fault(PortFault.FAILED)
} catch (_: ProviderException) {
    throw fault(PortFault.FAILED)
} catch (_: IllegalStateException) {
    // What the keystore itself throws, in place of an exception that is declared.
    throw fault(PortFault.FAILED)
}

internal fun fault(what: PortFault): ShellException = ShellException.Port(what)

private fun gone() = fault(PortFault.KEY_GONE)

/** Throws where the call was cancelled. */
internal fun CancelHandle.check() {
    if (isCancelled()) throw fault(PortFault.CANCELLED)
}

private const val TAG_BITS = 128
private const val NONCE = 12
