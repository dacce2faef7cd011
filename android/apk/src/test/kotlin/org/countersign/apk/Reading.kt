package org.countersign.apk

import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.file.Path
import java.security.MessageDigest
import java.util.HexFormat
import java.util.zip.ZipFile
import kotlin.io.path.readBytes

/** The manifest, or another [file] of the resources, as the phone reads it, element after element. */
class Manifest(aapt2: Path, apk: Path, file: String = "AndroidManifest.xml") {
    /** Name and attributes of an element, and how deep it stands. */
    class Element(
        val name: String,
        private val depth: Int,
        val attributes: MutableMap<String, String> = mutableMapOf(),
    ) {
        fun isIn(other: Element) = depth > other.depth
    }

    val elements: List<Element>

    init {
        val dump = ProcessBuilder("$aapt2", "dump", "xmltree", "--file", file, "$apk").start()
        val found = mutableListOf<Element>()
        for (line in dump.inputReader().readLines()) {
            val words = line.trim()
            if (words.startsWith("E: ")) {
                found += Element(words.removePrefix("E: ").substringBefore(' '), line.indexOf('E'))
            } else if (words.startsWith("A: ")) {
                val (name, value) = words.removePrefix("A: ").split("=", limit = 2)
                val short = name.substringAfterLast(':').substringBefore('(')
                found.last().attributes[short] = value.substringBefore(" (Raw").trim('"')
            }
        }
        check(dump.waitFor() == 0 && found.isNotEmpty()) { "aapt2 read nothing of $file" }
        elements = found
    }

    /** What it asks of the phone and opens to other apps, a line each. */
    fun exposed(): List<String> {
        val asks = elements.filter { it.name == "uses-permission" }.map { "asks for ${it.attributes["name"]}" }
        val opens = elements.filter { it.attributes["exported"] == "true" }.map { open ->
            val guard = open.attributes["permission"]?.let { " to $it" }.orEmpty()
            "opens ${open.name} ${open.attributes["name"]}$guard"
        }
        // What other apps may open here: links by their scheme, what is shared by its type.
        val takes = elements.filter { it.name == "data" }.mapNotNull { data ->
            listOf("scheme", "mimeType").firstNotNullOfOrNull { data.attributes[it] }?.let { "takes $it" }
        }
        return (asks + opens + takes).sorted()
    }
}

/** The types that a dex file names (Dalvik executable format, `type_ids`). */
fun typesOf(dex: ByteArray): List<String> {
    val bytes = ByteBuffer.wrap(dex).order(ByteOrder.LITTLE_ENDIAN)
    val (strings, count, types) = listOf(STRING_IDS, TYPE_COUNT, TYPE_IDS).map(bytes::getInt)
    return List(count) { place ->
        val string = bytes.getInt(types + Int.SIZE_BYTES * place)
        var at = bytes.getInt(strings + Int.SIZE_BYTES * string)
        // Its length in UTF-16 (LEB128) stands before it.
        while (dex[at] < 0) at++
        val end = (at + 1 until dex.size).first { dex[it] == 0.toByte() }
        dex.decodeToString(at + 1, end)
    }
}

private const val STRING_IDS = 0x3C
private const val TYPE_COUNT = 0x40
private const val TYPE_IDS = 0x44

/** Where the bytes of each entry begin that is not compressed, by name (APPNOTE 4.3.7, 4.3.12). */
fun storedAt(apk: Path): Map<String, Long> {
    val file = apk.readBytes()
    val bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN)
    val end = (file.size - END_SIZE downTo 0).first { bytes.getInt(it) == END }
    var at = bytes.getInt(end + 16)
    val found = mutableMapOf<String, Long>()
    repeat(bytes.getShort(end + 10).toInt()) {
        check(bytes.getInt(at) == CENTRAL) { "no entry at $at" }
        val (method, name, extra, comment) = listOf(10, 28, 30, 32).map { bytes.getShort(at + it).toInt() }
        val local = bytes.getInt(at + 42)
        val begin = local + LOCAL_SIZE + bytes.getShort(local + 26) + bytes.getShort(local + 28)
        if (method == 0) found[file.decodeToString(at + CENTRAL_SIZE, at + CENTRAL_SIZE + name)] = begin.toLong()
        at += CENTRAL_SIZE + name + extra + comment
    }
    return found
}

private const val END = 0x06054B50
private const val END_SIZE = 22
private const val CENTRAL = 0x02014B50
private const val CENTRAL_SIZE = 46
private const val LOCAL_SIZE = 30

/** An entry: how it is packed, and what it holds by its SHA-256. */
data class Packed(val name: String, val method: Int, val sha256: String)

/** What is in it, in its order. */
fun entriesOf(apk: Path): List<Packed> = ZipFile(apk.toFile()).use { zip ->
    zip.entries().asSequence().map { Packed(it.name, it.method, sha256(zip.getInputStream(it).readBytes())) }.toList()
}

private fun sha256(bytes: ByteArray) = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes))

/** What the parts of a library (ELF) that are mapped into memory are aligned to. */
fun alignmentsOf(library: ByteArray): List<Long> {
    val file = ByteBuffer.wrap(library).order(ByteOrder.LITTLE_ENDIAN)
    check(file.getInt(0) == ELF) { "no library" }
    val isLong = file.get(CLASS_AT) == CLASS_64
    val first = if (isLong) file.getLong(FIRST_AT_64).toInt() else file.getInt(FIRST_AT_32)
    val sizes = if (isLong) SIZES_AT_64 else SIZES_AT_32
    val (size, count) = file.getShort(sizes).toInt() to file.getShort(sizes + Short.SIZE_BYTES).toInt()
    val headers = (0 until count).map { first + it * size }.filter { file.getInt(it) == LOADED }
    return headers.map { if (isLong) file.getLong(it + ALIGN_AT_64) else file.getInt(it + ALIGN_AT_32).toLong() }
}

private const val ELF = 0x464C457F
private const val CLASS_AT = 4
private const val CLASS_64: Byte = 2
private const val FIRST_AT_64 = 32
private const val FIRST_AT_32 = 28
private const val SIZES_AT_64 = 54
private const val SIZES_AT_32 = 42
private const val LOADED = 1
private const val ALIGN_AT_64 = 48
private const val ALIGN_AT_32 = 28
