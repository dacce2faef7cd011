package org.countersign.testkit

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.StrongBoxUnavailableException
import java.io.InputStream
import java.io.OutputStream
import java.security.InvalidAlgorithmParameterException
import java.security.Key
import java.security.KeyPair
import java.security.KeyPairGeneratorSpi
import java.security.KeyStoreSpi
import java.security.Provider
import java.security.ProviderException
import java.security.SecureRandom
import java.security.Security
import java.security.UnrecoverableKeyException
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import javax.crypto.KeyGenerator
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey

private const val NAME = "AndroidKeyStore"

/** The platform's keystore, which Robolectric lacks: real keys in memory, each with the conditions that it was made under. */
class FakeKeyStore : Provider(NAME, "1", "keys of tests") {
    init {
        put("KeyStore.$NAME", Store::class.java.name)
        put("KeyPairGenerator.EC", Pairs::class.java.name)
        put("KeyGenerator.AES", Secrets::class.java.name)
    }

    /** One key, or one pair. */
    class Entry(
        val spec: KeyGenParameterSpec,
        val key: Key,
        val pair: KeyPair? = null,
        val chain: Array<Certificate>? = null,
    )

    class Pairs : KeyPairGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun initialize(size: Int, random: SecureRandom?) = throw UnsupportedOperationException()

        override fun initialize(params: AlgorithmParameterSpec, random: SecureRandom?) {
            spec = params as KeyGenParameterSpec
        }

        override fun generateKeyPair(): KeyPair {
            refuse(spec)
            val pair = newPair()
            val asks = spec.isUserAuthenticationRequired
            val chain = spec.attestationChallenge?.let { challenge ->
                maker?.attest(pair, challenge, asks) ?: throw ProviderException("no keys of the maker's")
            } ?: ofItself(pair)
            entries[spec.keystoreAlias] = Entry(spec, pair.private, pair, chain)
            return pair
        }
    }

    class Secrets : KeyGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun engineInit(random: SecureRandom?) = throw UnsupportedOperationException()

        override fun engineInit(size: Int, random: SecureRandom?) = throw UnsupportedOperationException()

        override fun engineInit(params: AlgorithmParameterSpec, random: SecureRandom?) {
            spec = params as KeyGenParameterSpec
        }

        override fun engineGenerateKey(): SecretKey {
            refuse(spec)
            val key = KeyGenerator.getInstance("AES", "SunJCE").apply { init(spec.keySize) }.generateKey()
            entries[spec.keystoreAlias] = Entry(spec, key)
            return key
        }
    }

    class Store : KeyStoreSpi() {
        override fun engineLoad(stream: InputStream?, password: CharArray?) = Unit

        override fun engineStore(stream: OutputStream?, password: CharArray?) = Unit

        override fun engineGetKey(alias: String, password: CharArray?): Key? {
            // So the platform says it of a key that it gave up.
            if (alias in givenUp) throw UnrecoverableKeyException("key permanently invalidated")
            return entries[alias]?.key
        }

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? = entries[alias]?.chain

        override fun engineGetCertificate(alias: String): Certificate? = null

        override fun engineGetCreationDate(alias: String): Date? = null

        override fun engineSetKeyEntry(alias: String, key: Key, password: CharArray?, chain: Array<Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetKeyEntry(alias: String, key: ByteArray, chain: Array<Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetCertificateEntry(alias: String, certificate: Certificate) =
            throw UnsupportedOperationException()

        override fun engineDeleteEntry(alias: String) {
            entries.remove(alias)
            givenUp.remove(alias)
        }

        override fun engineAliases() = Collections.enumeration(entries.keys.toList())

        override fun engineContainsAlias(alias: String): Boolean = alias in entries

        override fun engineSize(): Int = entries.size

        override fun engineIsKeyEntry(alias: String): Boolean = alias in entries

        override fun engineIsCertificateEntry(alias: String): Boolean = false

        override fun engineGetCertificateAlias(certificate: Certificate): String? = null
    }

    companion object {
        /** All keys by their names. */
        val entries = mutableMapOf<String, Entry>()

        private val givenUp = mutableSetOf<String>()

        /** There is a new fingerprint, or no screen lock any more: keys that ask for the person are gone for good. */
        fun giveUp() {
            givenUp += entries.filterValues { it.spec.isUserAuthenticationRequired }.keys
        }

        /** Whether the phone has a chip of its own for keys. */
        var hasStrongBox = true

        /** Who made the phone and attests its keys. Without one it refuses to make a key that is to be attested. */
        var maker: Maker? = null

        /** Whether the phone can ask for its person. */
        var hasScreenLock = true

        /** Begins anew, with no key. */
        fun install() {
            entries.clear()
            givenUp.clear()
            hasStrongBox = true
            maker = null
            hasScreenLock = true
            Security.removeProvider(NAME)
            Security.addProvider(FakeKeyStore())
        }

        private fun refuse(spec: KeyGenParameterSpec) {
            if (spec.isUserAuthenticationRequired && !hasScreenLock) {
                throw InvalidAlgorithmParameterException("secure lock screen must be enabled")
            }
            if (spec.isStrongBoxBacked && !hasStrongBox) throw StrongBoxUnavailableException("no such chip")
        }
    }
}
