package org.countersign.apk

import com.android.apksig.ApkSigner
import com.android.tools.r8.R8
import com.android.tools.r8.R8Command
import com.android.tools.r8.origin.Origin
import java.nio.file.Files
import java.nio.file.Path
import java.util.zip.CRC32
import java.util.zip.ZipEntry
import java.util.zip.ZipFile
import java.util.zip.ZipOutputStream
import kotlin.io.path.extension
import kotlin.io.path.isDirectory
import kotlin.io.path.isRegularFile
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.io.path.readBytes

/** The oldest Android that it runs on. */
const val OLDEST_API = 28

/** What libraries begin at: systems with pages of 16 KiB map them as they lie. */
const val PAGE = 16_384

/** The phones that are built for. */
val ABIS = listOf("arm64-v8a", "armeabi-v7a", "x86_64")

/** What an APK is made of. */
class Apk(
    private val framework: Path,
    private val resources: Path,
    /** Jars of the app and of all it runs on, and `jna.aar`. */
    private val parts: Path,
    /** Where `keep.pro` lies; and beside it `../native/ABI/` with the core's library, where somebody built one. */
    private val here: Path,
) {
    /** Makes [out]: dex by R8, then as [pack] does. */
    fun make(out: Path, key: SigningKey) {
        val work = Files.createTempDirectory("dex")
        try {
            dex(work)
            pack(work, out, key)
        } finally {
            work.toFile().deleteRecursively()
        }
    }

    /** Makes [out] with the dex files that lie in [dex]: packed in a fixed order without times, aligned, signed. */
    fun pack(dex: Path, out: Path, key: SigningKey) {
        val packed = Files.createTempFile("packed", ".apk")
        try {
            ZipOutputStream(Files.newOutputStream(packed)).use { fill(it, dex) }
            sign(packed, out, key)
        } finally {
            Files.delete(packed)
        }
    }

    private fun dex(into: Path) {
        val jdk = System.getProperty("java.home")
        val jars = parts.listDirectoryEntries("*.jar").sorted().map(Path::toString)
        // The framework's jar has no class of Java's own: the JDK lends them.
        val options =
            listOf("--release", "--min-api", "$OLDEST_API", "--lib", jdk, "--lib", "$framework") +
                listOf("--pg-conf", "${here.resolve("keep.pro")}", "--output", "$into")
        R8.run(R8Command.parse((options + jars).toTypedArray(), Origin.root()).build())
    }

    private fun fill(zip: ZipOutputStream, dex: Path) {
        ZipFile(resources.toFile()).use { from ->
            from.entries().asSequence().sortedBy { it.name }.forEach { entry ->
                zip.put(entry.name, from.getInputStream(entry).readBytes(), entry.method == ZipEntry.STORED)
            }
        }
        dex.listDirectoryEntries("*.dex").sorted().forEach { zip.put(it.name, it.readBytes(), stored = false) }
        libraries().toSortedMap().forEach { (name, bytes) -> zip.put(name, bytes, stored = true) }
    }

    private fun libraries(): Map<String, ByteArray> {
        val found = mutableMapOf<String, ByteArray>()
        ZipFile(parts.resolve("jna.aar").toFile()).use { aar ->
            for (abi in ABIS) {
                val name = "libjnidispatch.so"
                found["lib/$abi/$name"] = aar.getInputStream(aar.getEntry("jni/$abi/$name")).readBytes()
            }
        }
        val folder = here.resolveSibling("native")
        for (abi in ABIS.filter { folder.resolve(it).isDirectory() }) {
            val ours = folder.resolve(abi).listDirectoryEntries().filter { it.isRegularFile() && it.extension == "so" }
            ours.forEach { found["lib/$abi/${it.name}"] = it.readBytes() }
        }
        return found
    }

    private fun sign(packed: Path, out: Path, key: SigningKey) {
        val signer = ApkSigner.SignerConfig.Builder("countersign", key.key, listOf(key.certificate)).build()
        ApkSigner
            .Builder(listOf(signer))
            .setInputApk(packed.toFile())
            .setOutputApk(out.toFile())
            .setMinSdkVersion(OLDEST_API)
            .setV1SigningEnabled(false)
            .setV2SigningEnabled(true)
            .setV3SigningEnabled(true)
            .setV4SigningEnabled(false)
            .setAlignFileSize(true)
            .setLibraryPageAlignmentBytes(PAGE)
            .build()
            .sign()
    }
}

private fun ZipOutputStream.put(name: String, bytes: ByteArray, stored: Boolean) {
    val entry = ZipEntry(name).apply { time = LONG_AGO }
    if (stored) {
        entry.method = ZipEntry.STORED
        entry.size = bytes.size.toLong()
        entry.crc = CRC32().apply { update(bytes) }.value
    }
    putNextEntry(entry)
    write(bytes)
    closeEntry()
}

private const val LONG_AGO_YEAR = 2008

/** 2008-01-01, wherever it is built. */
private val LONG_AGO = java.util.GregorianCalendar(LONG_AGO_YEAR, java.util.Calendar.JANUARY, 1).timeInMillis
