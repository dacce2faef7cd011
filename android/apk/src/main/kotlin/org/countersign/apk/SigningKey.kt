package org.countersign.apk

import java.nio.file.Files
import java.nio.file.Path
import java.security.KeyStore
import java.security.PrivateKey
import java.security.cert.X509Certificate
import java.util.UUID

/** What an APK is signed by. A phone takes a newer version only if it is signed by the same. */
class SigningKey(val key: PrivateKey, val certificate: X509Certificate) {
    companion object {
        /** The first key of the PKCS #12 file `COUNTERSIGN_KEYSTORE`; without one a key that is thrown away. */
        fun ofEnvironment(): SigningKey {
            val file = System.getenv("COUNTERSIGN_KEYSTORE") ?: return ofOneDay()
            val password =
                checkNotNull(System.getenv("COUNTERSIGN_KEYSTORE_PASSWORD")) {
                    "COUNTERSIGN_KEYSTORE_PASSWORD is not set"
                }
            return read(Path.of(file), password)
        }

        /** A new key that nobody keeps. */
        fun ofOneDay(): SigningKey {
            val folder = Files.createTempDirectory("key")
            val (file, password) = folder.resolve("key.p12") to UUID.randomUUID().toString()
            try {
                val make =
                    listOf("-genkeypair", "-keystore", "$file", "-storetype", "PKCS12") +
                        listOf("-alias", "one", "-keyalg", "EC", "-groupname", "secp256r1") +
                        listOf("-validity", "10000", "-dname", "CN=Countersign not released")
                val keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString()
                val process = ProcessBuilder(listOf(keytool) + make + listOf("-storepass:env", "PASSWORD"))
                process.environment()["PASSWORD"] = password
                check(process.inheritIO().start().waitFor() == 0) { "keytool made no key" }
                return read(file, password)
            } finally {
                folder.toFile().deleteRecursively()
            }
        }

        private fun read(file: Path, password: String): SigningKey {
            val store = KeyStore.getInstance("PKCS12")
            Files.newInputStream(file).use { store.load(it, password.toCharArray()) }
            val alias = store.aliases().nextElement()
            return SigningKey(
                store.getKey(alias, password.toCharArray()) as PrivateKey,
                store.getCertificate(alias) as X509Certificate,
            )
        }
    }
}
