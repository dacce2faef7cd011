package org.countersign.app.look

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.RectF
import android.util.TypedValue
import android.view.View

private const val SIZE_DP = 32
private const val STROKE_DP = 3
private const val FULL = 360f
private const val TOP = -90f

/** How much of a code's life is left: as a ring, and as seconds inside it, so that it shows without colour too. */
class Ring(context: Context) : View(context) {
    private val colours = context.palette
    private val stroke = context.px(STROKE_DP).toFloat()
    private val box = RectF()
    private val arc =
        Paint(Paint.ANTI_ALIAS_FLAG).apply {
            style = Paint.Style.STROKE
            strokeWidth = stroke
            strokeCap = Paint.Cap.ROUND
        }
    private val figures =
        Paint(Paint.ANTI_ALIAS_FLAG).apply {
            textAlign = Paint.Align.CENTER
            color = colours.ink2
            textSize =
                TypedValue.applyDimension(TypedValue.COMPLEX_UNIT_SP, Type.SMALL.sp, resources.displayMetrics)
        }
    private var seconds = 0
    private var part = 0f

    init {
        importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_NO
    }

    /** [seconds] are left, which is this [part] of the whole. */
    fun show(seconds: Int, part: Float) {
        this.seconds = seconds
        this.part = part
        invalidate()
    }

    /** It grows with the text in it. */
    override fun onMeasure(width: Int, height: Int) {
        val side = maxOf(context.px(SIZE_DP), (figures.textSize * 2 + stroke * 2).toInt())
        setMeasuredDimension(side, side)
    }

    override fun onDraw(canvas: Canvas) {
        box.set(stroke, stroke, width - stroke, height - stroke)
        arc.color = colours.line
        canvas.drawArc(box, 0f, FULL, false, arc)
        arc.color = colours.accent
        canvas.drawArc(box, TOP, FULL * part, false, arc)
        val middle = height / 2f - (figures.ascent() + figures.descent()) / 2
        canvas.drawText(seconds.toString(), width / 2f, middle, figures)
    }
}
