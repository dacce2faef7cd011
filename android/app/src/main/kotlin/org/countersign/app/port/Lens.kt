package org.countersign.app.port

import android.graphics.Matrix
import android.graphics.Rect
import android.graphics.RectF
import android.util.Size
import org.countersign.bindings.Rotation

/** A picture large enough for dense codes, and no larger: decoding takes its time. */
private const val WANTED_PIXELS = 1280 * 960
private const val QUARTER = 90
private const val HALF = 180
private const val FULL_TURN = 360

/** How much of the picture's side a finger means. */
private const val FINGER = 0.15f

/** The size that is nearest to what is wanted, the larger of two as near. */
internal fun best(sizes: Array<Size>?): Size? =
    sizes?.minByOrNull { Math.abs(it.width.toLong() * it.height - WANTED_PIXELS) }

/** How far a picture of a sensor that is built in at [sensor] degrees must be turned, on a display that is turned by [display]. */
internal fun rotation(sensor: Int, display: Int): Rotation =
    when (Math.floorMod(sensor - display, FULL_TURN) / QUARTER) {
        1 -> Rotation.QUARTER
        2 -> Rotation.HALF
        3 -> Rotation.THREE_QUARTERS
        else -> Rotation.UPRIGHT
    }

/**
 * Draws what a sensor of the size [buffer] sees upright and undistorted, so that it covers a [view]; what stands over is cut
 * off. The platform stretches a picture over its view as if the display were upright; it is turned by [display] degrees.
 */
internal fun covering(view: Size, buffer: Size, display: Int): Matrix {
    val area = RectF(0f, 0f, view.width.toFloat(), view.height.toFloat())
    val upright = RectF(0f, 0f, buffer.height.toFloat(), buffer.width.toFloat())
    upright.offset(area.centerX() - upright.centerX(), area.centerY() - upright.centerY())
    val lies = display % HALF != 0
    val (wide, high) = if (lies) buffer.width to buffer.height else buffer.height to buffer.width
    val scale = maxOf(area.width() / wide, area.height() / high)
    return Matrix().apply {
        setRectToRect(area, upright, Matrix.ScaleToFit.FILL)
        postScale(scale, scale, area.centerX(), area.centerY())
        postRotate(-display.toFloat(), area.centerX(), area.centerY())
    }
}

/** The middle of the sensor's [area], [zoom] times as near. */
internal fun cropped(area: Rect, zoom: Float): Rect {
    val (wide, high) = (area.width() / zoom).toInt() to (area.height() / zoom).toInt()
    val (left, top) = area.left + (area.width() - wide) / 2 to area.top + (area.height() - high) / 2
    return Rect(left, top, left + wide, top + high)
}

/**
 * What of the sensor is meant by a finger at [x], [y] of a picture that is drawn upright (0 to 1, from its left and top).
 * The sensor is built in at [sensor] degrees, and [crop] is what it is read of.
 */
internal fun touched(x: Float, y: Float, sensor: Int, crop: Rect): Rect {
    val (across, down) =
        when (sensor) {
            QUARTER -> y to 1 - x
            HALF -> 1 - x to 1 - y
            HALF + QUARTER -> 1 - y to x
            else -> x to y
        }
    val half = (minOf(crop.width(), crop.height()) * FINGER / 2).toInt()
    val middleX = (crop.left + across * crop.width()).toInt().coerceIn(crop.left + half, crop.right - half)
    val middleY = (crop.top + down * crop.height()).toInt().coerceIn(crop.top + half, crop.bottom - half)
    return Rect(middleX - half, middleY - half, middleX + half, middleY + half)
}
