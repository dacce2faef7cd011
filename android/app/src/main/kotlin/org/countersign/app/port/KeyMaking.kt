package org.countersign.app.port

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties
import java.math.BigInteger
import java.security.GeneralSecurityException
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.ProviderException
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.SecretKeyFactory
import org.countersign.bindings.Guard
import org.countersign.bindings.Level
import org.countersign.bindings.Purpose
import org.countersign.bindings.UserVerification

internal const val KEYSTORE = "AndroidKeyStore"

/** The platform makes no such key: there is no screen lock, or no finger is known. */
internal class KeyRefused : RuntimeException()

/** The name that the platform knows a signing key by. It tells what the key is for: one key never serves two ends. */
internal fun aliasOf(purpose: Purpose, name: String): String = when (purpose) {
    is Purpose.Approve -> approves(purpose.verification, name)
    Purpose.Prove -> "prove.$name"
}

internal fun approves(verification: UserVerification, name: String): String = when (verification) {
    UserVerification.ANY -> "approve.any.$name"
    UserVerification.BIO -> "approve.bio.$name"
}

internal fun aliasOf(guard: Guard): String = when (guard) {
    Guard.DEVICE -> "guard.device"
    Guard.USER -> "guard.user"
}

/** What the names of signing keys begin with. */
internal val SIGNING: List<String> = aliasesOf("")

internal fun aliasesOf(name: String): List<String> =
    UserVerification.entries.map { approves(it, name) } + aliasOf(Purpose.Prove, name)

/** A P-256 pair: in a chip of its own where the phone has one, else in its trusted environment. */
internal fun makePair(alias: String, purpose: Purpose): KeyPair = makePair(alias, purpose, null)

/** The same, whose hardware writes for [challenge] where it keeps it; none where the phone can't do that. */
internal fun attestedPair(alias: String, purpose: Purpose, challenge: ByteArray): KeyPair? = try {
    makePair(alias, purpose, challenge)
} catch (_: ProviderException) {
    // Phones without keys of their maker's say so only now, and in more than one way.
    null
}

private fun makePair(alias: String, purpose: Purpose, challenge: ByteArray?): KeyPair {
    val spec = {
        KeyGenParameterSpec
            .Builder(alias, KeyProperties.PURPOSE_SIGN)
            .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
            .setDigests(KeyProperties.DIGEST_SHA256)
            .setAttestationChallenge(challenge)
            .apply { if (purpose is Purpose.Approve) asksEachTime(purpose.verification) }
    }
    val maker = KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, KEYSTORE)
    return strongest(spec, asks = purpose is Purpose.Approve) {
        maker.initialize(it)
        maker.generateKeyPair()
    }
}

/** A key that seals small secrets. */
internal fun makeGuard(alias: String, guard: Guard): SecretKey {
    val spec = {
        KeyGenParameterSpec
            .Builder(alias, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(AES_BITS)
            .apply { if (guard == Guard.USER) asksEachTime(UserVerification.ANY) }
    }
    val maker = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, KEYSTORE)
    return strongest(spec, asks = guard == Guard.USER) {
        maker.init(it)
        maker.generateKey()
    }
}

/**
 * Asks for the person at every use. Before Android 11 a key that is used once for each unlocking knows biometrics alone, so
 * there the screen lock does not do.
 */
private fun KeyGenParameterSpec.Builder.asksEachTime(verification: UserVerification) {
    setUserAuthenticationRequired(true)
    setInvalidatedByBiometricEnrollment(verification == UserVerification.BIO)
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return
    val biometrics = KeyProperties.AUTH_BIOMETRIC_STRONG
    val ways = if (verification ==
        UserVerification.BIO
    ) {
        biometrics
    } else {
        biometrics or KeyProperties.AUTH_DEVICE_CREDENTIAL
    }
    setUserAuthenticationParameters(EACH_USE, ways)
}

private fun <T> strongest(
    spec: () -> KeyGenParameterSpec.Builder,
    asks: Boolean,
    make: (KeyGenParameterSpec) -> T,
): T = try {
    try {
        make(spec().setIsStrongBoxBacked(true).build())
    } catch (_: ProviderException) {
        // There is no such chip, or it fails at this: phones say so in more than one way.
        make(spec().build())
    }
} catch (fault: GeneralSecurityException) {
    throw if (asks) KeyRefused() else fault
} catch (fault: IllegalStateException) {
    throw if (asks) KeyRefused() else fault
}

/** Where the platform says that it keeps [key]. What it does not say is in software. */
internal fun levelOf(key: SecretKey): Level = try {
    val maker = SecretKeyFactory.getInstance(key.algorithm, KEYSTORE)
    levelOf(maker.getKeySpec(key, KeyInfo::class.java) as KeyInfo)
} catch (_: GeneralSecurityException) {
    Level.SOFTWARE
}

@Suppress("DEPRECATION")
private fun levelOf(info: KeyInfo): Level {
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.S) {
        return if (info.isInsideSecureHardware) Level.TEE else Level.SOFTWARE
    }
    return when (info.securityLevel) {
        KeyProperties.SECURITY_LEVEL_STRONGBOX -> Level.STRONGBOX
        KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT, KeyProperties.SECURITY_LEVEL_UNKNOWN_SECURE -> Level.TEE
        else -> Level.SOFTWARE
    }
}

/** The public key as 65 bytes: SEC 1, uncompressed. */
internal fun sec1(pair: KeyPair): ByteArray {
    val point = (pair.public as ECPublicKey).w
    return byteArrayOf(UNCOMPRESSED) + coordinate(point.affineX) + coordinate(point.affineY)
}

private fun coordinate(number: BigInteger): ByteArray {
    val bytes = number.toByteArray().takeLast(COORDINATE).toByteArray()
    return ByteArray(COORDINATE - bytes.size) + bytes
}

private const val UNCOMPRESSED: Byte = 4
private const val COORDINATE = 32
private const val AES_BITS = 256
private const val EACH_USE = 0
