package org.countersign.app.shell

import android.annotation.SuppressLint
import android.content.Context
import android.util.Size
import android.view.GestureDetector
import android.view.MotionEvent
import android.view.ScaleGestureDetector
import android.view.TextureView
import android.view.View
import android.widget.FrameLayout
import org.countersign.app.port.Camera
import org.countersign.app.port.covering
import org.countersign.app.screen.Viewfinder

/** Near enough for a code across a desk. */
private const val NEAR = 2f

/** What the camera sees. Two fingers bring it nearer, one says what to focus on. */
internal class Finder(context: Context, private val camera: Camera) : Viewfinder {
    val surface = TextureView(context)
    private val pinch = ScaleGestureDetector(context, Pinch())
    private val tap = GestureDetector(context, Tap())
    private var times = 1f
    private var drawn: Pair<Size, Int>? = null

    override val view: View = Frame(context)
    override val isThere get() = camera.isThere
    override val hasTorch get() = camera.hasTorch
    override val canZoom get() = camera.nearest >= NEAR
    override val isNear get() = times > 1f
    override var onZoom: () -> Unit = {}

    override fun zoom(near: Boolean) = zoom(if (near) NEAR else 1f)

    /** Draws pictures of this size upright, on a display that is turned by so many degrees. */
    fun draw(size: Size, display: Int) {
        drawn = size to display
        cover()
    }

    /** The camera begins as far off as it is. */
    fun begin() {
        times = 1f
        onZoom()
    }

    private fun zoom(to: Float) {
        times = to.coerceIn(1f, maxOf(1f, camera.nearest))
        camera.zoom(times)
        onZoom()
    }

    private fun covered() = drawn?.takeIf { surface.width > 0 && surface.height > 0 }
        ?.let { (size, display) -> covering(Size(surface.width, surface.height), size, display) }

    private fun cover() {
        covered()?.let(surface::setTransform)
    }

    private inner class Pinch : ScaleGestureDetector.SimpleOnScaleGestureListener() {
        override fun onScale(pinch: ScaleGestureDetector): Boolean {
            zoom(times * pinch.scaleFactor)
            return true
        }
    }

    private inner class Tap : GestureDetector.SimpleOnGestureListener() {
        override fun onDown(at: MotionEvent) = true

        override fun onSingleTapUp(at: MotionEvent): Boolean {
            val back = android.graphics.Matrix()
            if (covered()?.invert(back) != true) return false
            val point = floatArrayOf(at.x, at.y).also(back::mapPoints)
            camera.focus(within(point[0] / surface.width), within(point[1] / surface.height))
            return true
        }
    }

    private fun within(part: Float) = part.coerceIn(0f, 1f)

    private inner class Frame(context: Context) : FrameLayout(context) {
        init {
            addView(surface)
        }

        override fun onLayout(changed: Boolean, left: Int, top: Int, right: Int, bottom: Int) {
            super.onLayout(changed, left, top, right, bottom)
            cover()
        }

        // A tap does nothing that a person who doesn't see the picture would miss: the camera focuses by itself.
        @SuppressLint("ClickableViewAccessibility")
        override fun onTouchEvent(event: MotionEvent): Boolean {
            pinch.onTouchEvent(event)
            tap.onTouchEvent(event)
            return true
        }
    }
}
