package org.countersign.app

import android.graphics.Bitmap
import android.graphics.Color
import java.io.ByteArrayOutputStream
import org.countersign.bindings.qrOf

private const val MODULE = 4
private const val BORDER = 4
private const val BLANK = 100

/** A picture with nothing on it. */
internal fun blank(): ByteArray = written(white(BLANK))

/** A picture of a QR code with this text. */
internal fun png(text: String): ByteArray = png(modules(text))

/** The modules of a QR code with this text. */
internal fun modules(text: String): List<BooleanArray> {
    val symbol = qrOf(text.toByteArray())!!
    val wide = symbol.width.toInt()
    return List(wide) { y -> BooleanArray(wide) { x -> symbol.modules[y * wide + x] != 0.toByte() } }
}

/** A picture of a QR code with these modules. */
internal fun png(rows: List<BooleanArray>): ByteArray {
    val picture = white((rows.size + 2 * BORDER) * MODULE)
    for (y in 0 until rows.size * MODULE) {
        for (x in 0 until rows.size * MODULE) {
            if (rows[y / MODULE][x / MODULE]) picture.setPixel(x + BORDER * MODULE, y + BORDER * MODULE, Color.BLACK)
        }
    }
    return written(picture)
}

private fun white(side: Int): Bitmap =
    Bitmap.createBitmap(side, side, Bitmap.Config.ARGB_8888).apply { eraseColor(Color.WHITE) }

private fun written(picture: Bitmap): ByteArray =
    ByteArrayOutputStream().also { picture.compress(Bitmap.CompressFormat.PNG, 100, it) }.toByteArray()
