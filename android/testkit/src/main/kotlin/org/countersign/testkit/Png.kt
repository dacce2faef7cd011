package org.countersign.testkit

import android.graphics.Bitmap
import java.io.ByteArrayOutputStream
import java.nio.ByteBuffer
import java.util.zip.CRC32
import java.util.zip.Deflater
import java.util.zip.DeflaterOutputStream

/**
 * A picture without transparency as a PNG that is small: screens have few colours and long runs of each. By a palette where 256
 * colours do, else by three bytes a pixel; no row is filtered.
 */
internal fun png(picture: Bitmap): ByteArray {
    val pixels = IntArray(picture.width * picture.height)
    picture.getPixels(pixels, 0, picture.width, 0, 0, picture.width, picture.height)
    val colours = pixels.distinct().sorted()
    val places = colours.withIndex().associate { (place, colour) -> colour to place }.takeIf { colours.size <= PALETTE }
    val out = ByteArrayOutputStream()
    out.write(SIGNATURE)
    val kind = if (places == null) RGB else INDEXED
    val sides = ByteBuffer.allocate(HEAD).putInt(picture.width).putInt(picture.height)
    out.chunk("IHDR", sides.put(DEPTH).put(kind).put(0).put(0).put(0).array())
    if (places != null) out.chunk("PLTE", bytes(colours) { it.rgb() })
    val rows = pixels.asList().chunked(picture.width)
    val body = bytes(rows) { row -> byteArrayOf(0) + if (places == null) bytes(row) { it.rgb() } else places.of(row) }
    out.chunk("IDAT", packed(body))
    out.chunk("IEND", byteArrayOf())
    return out.toByteArray()
}

private fun <T> bytes(of: List<T>, each: (T) -> ByteArray): ByteArray =
    ByteArrayOutputStream().also { out -> of.forEach { out.write(each(it)) } }.toByteArray()

private fun Int.rgb() = byteArrayOf((this shr 16).toByte(), (this shr 8).toByte(), toByte())

private fun Map<Int, Int>.of(row: List<Int>) = ByteArray(row.size) { getValue(row[it]).toByte() }

private fun packed(body: ByteArray): ByteArray {
    val out = ByteArrayOutputStream()
    DeflaterOutputStream(out, Deflater(Deflater.BEST_COMPRESSION)).use { it.write(body) }
    return out.toByteArray()
}

private fun ByteArrayOutputStream.chunk(name: String, body: ByteArray) {
    val named = name.encodeToByteArray() + body
    val sum = CRC32().apply { update(named) }.value.toInt()
    write(ByteBuffer.allocate(Int.SIZE_BYTES).putInt(body.size).array())
    write(named)
    write(ByteBuffer.allocate(Int.SIZE_BYTES).putInt(sum).array())
}

private val SIGNATURE = byteArrayOf(0x89.toByte(), 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A)
private const val PALETTE = 256
private const val HEAD = 13
private const val DEPTH: Byte = 8
private const val RGB: Byte = 2
private const val INDEXED: Byte = 3
