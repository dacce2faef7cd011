package org.countersign.support

import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AccountKind
import org.countersign.bindings.Algorithm
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.ClockPort
import org.countersign.bindings.Countersign
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.KeystorePort
import org.countersign.bindings.NewAccount
import org.junit.rules.ExternalResource

val PASSPHRASE = "a passphrase".toByteArray()

/** The seed of RFC 4226 and RFC 6238. */
val RFC_SEED = "12345678901234567890".toByteArray()

/** Folders for one phone, gone after the test. */
class Folders : ExternalResource() {
    private lateinit var top: Path

    val privateFolder: String get() = top.resolve("private").toString()
    val sharedFolder: String get() = top.resolve("shared").toString()

    override fun before() {
        val alone = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        top = Files.createTempDirectory("countersign", alone)
        listOf("private", "shared").forEach { Files.createDirectory(top.resolve(it), alone) }
    }

    override fun after() {
        top.toFile().deleteRecursively()
    }

    /** A phone in these folders, with a vault that is open. */
    fun phone(keystore: KeystorePort = MemoryKeystore(), clock: ClockPort? = null): Countersign =
        Countersign.open(privateFolder, sharedFolder, emptyList(), keystore, clock).also { it.makeVault() }
}

fun Countersign.makeVault() = runBlocking { createVault(PASSPHRASE, DeviceClass.SMALL_PHONE, CancelHandle()) }

fun account(name: String, kind: AccountKind = AccountKind.Totp(period = 30u, start = 0u)): NewAccount = NewAccount(
    issuer = "Example",
    name = name,
    note = "",
    kind = kind,
    algorithm = Algorithm.SHA1,
    digits = 8u,
    secret = RFC_SEED,
    pin = null,
)
