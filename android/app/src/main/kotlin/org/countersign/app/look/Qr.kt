package org.countersign.app.look

import android.content.Context
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.view.View
import org.countersign.bindings.QrSymbol
import org.countersign.bindings.qrOf

/** Modules of light around a code. */
private const val BORDER = 4
private const val LARGEST_DP = 280

/** [text] as a QR code, dark on light by day and by night: cameras want it so. Nothing where it is too long for one. */
fun Context.qr(text: ByteArray, spoken: CharSequence): View? = qrOf(text)?.let { symbol ->
    Qr(this, symbol).apply {
        contentDescription = spoken
        layoutParams = row(top = Space.L)
    }
}

private class Qr(context: Context, private val symbol: QrSymbol) : View(context) {
    private val light = Paint().apply { color = Color.WHITE }
    private val dark = Paint().apply { color = Color.BLACK }
    private val across = symbol.width.toInt() + 2 * BORDER

    /** Each module is as many whole pixels as there is room for. */
    override fun onMeasure(width: Int, height: Int) {
        val room = MeasureSpec.getSize(width)
        val side = minOf(room, context.px(LARGEST_DP)) / across * across
        setMeasuredDimension(room, side)
    }

    override fun onDraw(canvas: Canvas) {
        val module = height / across
        val left = (width - module * across) / 2
        canvas.drawRect(left.toFloat(), 0f, (left + module * across).toFloat(), height.toFloat(), light)
        val wide = symbol.width.toInt()
        for (at in symbol.modules.indices) {
            if (symbol.modules[at] == 0.toByte()) continue
            val x = left + (at % wide + BORDER) * module
            val y = (at / wide + BORDER) * module
            canvas.drawRect(x.toFloat(), y.toFloat(), (x + module).toFloat(), (y + module).toFloat(), dark)
        }
    }
}
