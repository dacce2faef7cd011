package org.countersign.apk

import com.android.apksig.ApkVerifier
import java.nio.file.Files
import java.nio.file.Path
import java.util.zip.ZipFile
import kotlin.io.path.createDirectories
import kotlin.io.path.createDirectory
import kotlin.io.path.fileSize
import kotlin.io.path.readBytes
import kotlin.io.path.readLines
import kotlin.io.path.writeBytes
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** What people install, looked at as a phone does. */
class ApkTest {
    private val apk = property("apk")
    private val manifest = Manifest(property("apk.aapt2"), apk)

    @Test
    fun itAsksForAndOpensWhatTheListSaysAndNothingElse() {
        val listed = Path.of("exposed.txt").readLines().filterNot { it.isBlank() || it.startsWith('#') }
        assertEquals(listed.joinToString("\n"), manifest.exposed().joinToString("\n"))
    }

    @Test
    fun nobodyCanLookIntoItOrTakeABackupOfIt() {
        val app = manifest.elements.single { it.name == "application" }
        assertEquals(null, app.attributes["debuggable"])
        assertEquals("false", app.attributes["allowBackup"])
        assertEquals("false", app.attributes["usesCleartextTraffic"])
        val sdk = manifest.elements.single { it.name == "uses-sdk" }
        assertEquals(listOf("28", "36"), listOf("minSdkVersion", "targetSdkVersion").map { sdk.attributes[it] })
    }

    /** For phones that ask `allowBackup` for the cloud alone, and move files to another phone all the same. */
    @Test
    fun noWayOfBackingUpTakesAFileOfIt() {
        val app = manifest.elements.single { it.name == "application" }
        val everywhere = listOf("root", "file", "database", "sharedpref", "external")
        assertEquals(mapOf("full-backup-content" to everywhere), excluded("res/xml/backup.xml"))
        val ways = mapOf("cloud-backup" to everywhere, "device-transfer" to everywhere)
        assertEquals(ways, excluded("res/xml/extraction.xml"))
        assertTrue("fullBackupContent" in app.attributes && "dataExtractionRules" in app.attributes)
    }

    /** The places of which all is left out, by the way that would take them. */
    private fun excluded(file: String): Map<String, List<String?>> {
        val rules = Manifest(property("apk.aapt2"), apk, file).elements
        assertEquals("nothing is let in", emptyList<String>(), rules.map { it.name }.filter { it == "include" })
        val ways = rules.filter { it.name != "exclude" && it.name != "data-extraction-rules" }
        return ways.associate { way ->
            val ruled = rules.drop(rules.indexOf(way) + 1).takeWhile { it.isIn(way) }
            way.name to ruled.onEach { assertEquals(".", it.attributes["path"]) }.map { it.attributes["domain"] }
        }
    }

    @Test
    fun thereIsNothingOfAndroidxOrGoogleInIt() {
        val types = ZipFile(apk.toFile()).use { zip ->
            val dex = zip.entries().asSequence().filter { it.name.endsWith(".dex") }
            dex.flatMap { typesOf(zip.getInputStream(it).readBytes()) }.toList()
        }
        assertTrue("the app is in it", "Lorg/countersign/app/MainActivity;" in types)
        assertEquals(emptyList<String>(), types.filter { "Landroidx/" in it || "Lcom/google/" in it })
    }

    @Test
    fun librariesLieOnPagesOf16KiBUncompressed() {
        val stored = storedAt(apk)
        val libraries = entriesOf(apk).map { it.name }.filter { it.endsWith(".so") }
        assertTrue("$libraries", ABIS.all { "lib/$it/libjnidispatch.so" in libraries })
        for (library in libraries) {
            assertEquals(library, 0L, stored.getValue(library) % PAGE)
            val mapped = alignmentsOf(bytesOf(apk, library))
            assertTrue("$library: $mapped", mapped.isNotEmpty() && mapped.all { it >= PAGE && it % PAGE == 0L })
        }
        assertEquals(0L, stored.getValue("resources.arsc") % WORD)
    }

    @Test
    fun theSignatureIsVerified() {
        val result = ApkVerifier.Builder(apk.toFile()).setMinCheckedPlatformVersion(OLDEST_API).build().verify()
        assertTrue("${result.allErrors}", result.isVerified && result.isVerifiedUsingV3Scheme)
    }

    @Test
    fun itIsSmall() {
        val core = entriesOf(apk).count { it.isCore() }
        val most = MOST + core * MOST_OF_CORE
        assertTrue("${apk.fileSize()} bytes, at most $most", apk.fileSize() <= most)
    }

    /** Made before the tests by `cargo xtask test`, in an empty folder: Kotlin, resources, dex, packing. */
    @Test
    fun builtAgainFromNothingItHoldsTheSame() {
        assertEquals(entriesOf(apk).joinToString("\n"), entriesOf(property("apk.again")).joinToString("\n"))
    }

    /** A library of another part stands for the core, which is built with the NDK: it is packed as it lies in `native/`. */
    @Test
    fun theCoreThatLiesThereIsPacked() {
        val folder = Files.createTempDirectory("core")
        try {
            val dex = folder.resolve("dex").createDirectory()
            entriesOf(apk).map { it.name }.filter { it.endsWith(".dex") }
                .forEach { dex.resolve(it).writeBytes(bytesOf(apk, it)) }
            val core = folder.resolve("native/arm64-v8a").createDirectories().resolve("libcountersign_bindings.so")
            core.writeBytes(bytesOf(apk, "lib/arm64-v8a/libjnidispatch.so"))
            val withCore = folder.resolve("countersign.apk")
            Apk(property("apk.framework"), property("apk.resources"), property("apk.parts"), folder.resolve("apk"))
                .pack(dex, withCore, SigningKey.ofOneDay())
            assertArrayEquals(core.readBytes(), bytesOf(withCore, CORE))
            assertEquals("on a page", 0L, storedAt(withCore).getValue(CORE) % PAGE)
            assertEquals(entriesOf(apk).filterNot { it.isCore() }, entriesOf(withCore).filterNot { it.isCore() })
        } finally {
            folder.toFile().deleteRecursively()
        }
    }

    private fun bytesOf(apk: Path, entry: String): ByteArray = ZipFile(apk.toFile()).use {
        it.getInputStream(checkNotNull(it.getEntry(entry)) { entry }).readBytes()
    }

    private fun Packed.isCore() = name.endsWith("/libcountersign_bindings.so")

    private fun property(name: String): Path = Path.of(checkNotNull(System.getProperty(name)) { name })

    private companion object {
        const val WORD = 4
        const val CORE = "lib/arm64-v8a/libcountersign_bindings.so"

        /** Without the core; the core's library for one kind of phone beside it. */
        const val MOST = 1_500_000L
        const val MOST_OF_CORE = 8_000_000L
    }
}
