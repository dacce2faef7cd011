package org.countersign.app.port

import android.graphics.SurfaceTexture
import android.os.Handler
import android.os.Looper
import android.util.Size
import android.view.Surface
import android.view.TextureView
import org.countersign.app.MainActivity
import org.countersign.app.all
import org.countersign.app.app
import org.countersign.bindings.Frame
import org.countersign.bindings.Rotation
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

private const val MODULE = 4
private const val BORDER = 4
private const val SIDE = 400
private const val BETWEEN_FRAMES_MS = 40L

/** A camera before which a test holds codes: it gives frames of them until it closes, as a real one does. */
internal class FakeCamera : Camera {
    private val clock = Handler(Looper.getMainLooper())
    private var eye: ((Frame) -> Unit)? = null
    private var fault: (() -> Unit)? = null
    val isOpen get() = eye != null
    val done = mutableListOf<String>()

    override val isThere = true
    override val hasTorch = true
    override val nearest = 4f
    override val size = Size(SIDE, SIDE)

    override fun open(preview: Surface, display: Int, onFrame: (Frame) -> Unit, onFault: () -> Unit) {
        eye = onFrame
        fault = onFault
    }

    override fun torch(on: Boolean) {
        done += "light $on"
    }

    override fun zoom(times: Float) {
        done += "zoom $times"
    }

    override fun focus(x: Float, y: Float) {
        done += "focus $x $y"
    }

    override fun close() {
        eye = null
        clock.removeCallbacksAndMessages(null)
    }

    /** Another app takes it. */
    fun goes() {
        close()
        fault?.invoke()
    }

    /** It sees a QR code with these modules, and nothing else from now on. */
    fun sees(rows: List<BooleanArray>) {
        val side = (rows.size + 2 * BORDER) * MODULE
        val grey = ByteArray(side * side) { at ->
            val (x, y) = at % side / MODULE - BORDER to at / side / MODULE - BORDER
            val isDark = rows.getOrNull(y)?.getOrNull(x) ?: false
            if (isDark) 0 else -1
        }
        clock.removeCallbacksAndMessages(null)
        give(Frame(grey, side.toUInt(), side.toUInt(), side.toUInt(), Rotation.UPRIGHT))
    }

    private fun give(frame: Frame) {
        val to = eye ?: return
        clock.postDelayed({ give(frame) }, BETWEEN_FRAMES_MS)
        to(frame)
    }

    companion object {
        /** In place of the phone's, which is allowed. */
        fun install() = FakeCamera().also {
            app.camera = it
            shadowOf(app).grantPermissions(android.Manifest.permission.CAMERA)
        }
    }
}

/** The platform has made what the camera draws on. */
internal fun ActivityController<MainActivity>.drawsTheCamera() {
    val finder = get().all().filterIsInstance<TextureView>().single()
    finder.surfaceTextureListener!!.onSurfaceTextureAvailable(SurfaceTexture(0), SIDE, SIDE)
}
