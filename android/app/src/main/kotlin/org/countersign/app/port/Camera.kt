package org.countersign.app.port

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.ImageFormat
import android.graphics.Rect
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.params.MeteringRectangle
import android.media.ImageReader
import android.os.Handler
import android.util.Size
import android.view.Surface
import org.countersign.bindings.Frame

private const val FRAMES = 2

/** For how long the camera stays focused where a finger was. */
private const val FOCUS_MS = 4_000L

/** The camera at the back: what it sees goes to a surface, and in grey to whoever reads codes. */
interface Camera {
    /** Whether there is one at the back. */
    val isThere: Boolean

    val hasTorch: Boolean

    /** How many times as near it shows things at most; 1 where it can't. */
    val nearest: Float

    /** What is drawn on has to be as large as this; none without a camera. */
    val size: Size?

    /**
     * Opens it, on a display that is turned by [display] degrees. [onFrame] gets each picture, one at a time; [onFault] is
     * called where another app has the camera, or it failed. Both come from a thread of the camera's. The permission was
     * given before.
     */
    fun open(preview: Surface, display: Int, onFrame: (Frame) -> Unit, onFault: () -> Unit)

    /** Lights the scene, or stops to. */
    fun torch(on: Boolean)

    /** Shows things [times] as near. */
    fun zoom(times: Float)

    /** Focuses on a place of the picture as it is drawn upright: 0 to 1, from its left and top. */
    fun focus(x: Float, y: Float)

    fun close()
}

/** The phone's camera. All of it happens in the thread of [handler]. */
class PhoneCamera(context: Context, private val handler: Handler) : Camera {
    private val manager = context.getSystemService(CameraManager::class.java)
    private val id = backward()
    private val area = of(CameraCharacteristics.SENSOR_INFO_ACTIVE_ARRAY_SIZE)
    private val sensor = of(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0
    private var opening: Opening? = null
    private var zoom = 1f
    private var isLit = false

    override val isThere: Boolean get() = id != null
    override val hasTorch = of(CameraCharacteristics.FLASH_INFO_AVAILABLE) ?: false
    override val nearest = of(CameraCharacteristics.SCALER_AVAILABLE_MAX_DIGITAL_ZOOM) ?: 1f
    override val size: Size? =
        best(of(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP)?.getOutputSizes(ImageFormat.YUV_420_888))

    private val canFocus = (of(CameraCharacteristics.CONTROL_MAX_REGIONS_AF) ?: 0) > 0

    override fun open(preview: Surface, display: Int, onFrame: (Frame) -> Unit, onFault: () -> Unit) {
        val (id, size) = (id ?: return onFault()) to (size ?: return onFault())
        val turn = rotation(sensor, display)
        handler.post {
            opening?.end()
            zoom = 1f
            isLit = false
            val frames = ImageReader.newInstance(size.width, size.height, ImageFormat.YUV_420_888, FRAMES)
            frames.setOnImageAvailableListener({ from ->
                from.acquireLatestImage()?.use { image ->
                    val grey = image.planes[0]
                    onFrame(frame(grey.buffer, image.width, image.height, grey.rowStride, turn))
                }
            }, handler)
            Opening(frames, preview, onFault).also { opening = it }.begin(id)
        }
    }

    override fun torch(on: Boolean) = change { isLit = on }

    override fun zoom(times: Float) = change { zoom = times.coerceIn(1f, nearest) }

    override fun focus(x: Float, y: Float) {
        val area = area ?: return
        if (canFocus) handler.post { opening?.focus(touched(x, y, sensor, cropped(area, zoom))) }
    }

    override fun close() {
        handler.post {
            opening?.end()
            opening = null
        }
    }

    private fun change(how: () -> Unit) {
        handler.post {
            how()
            opening?.look()
        }
    }

    /** One time that the camera is open. It ends once, also where that is before the camera came. */
    private inner class Opening(
        private val frames: ImageReader,
        private val preview: Surface,
        private val onFault: () -> Unit,
    ) : CameraDevice.StateCallback() {
        private var device: CameraDevice? = null
        private var session: CameraCaptureSession? = null
        private var focused: Rect? = null
        private var isOver = false

        @SuppressLint("MissingPermission")
        fun begin(id: String) = trying { manager.openCamera(id, this, handler) }

        override fun onOpened(camera: CameraDevice) {
            if (isOver) return camera.close()
            device = camera
            trying {
                @Suppress("DEPRECATION") // What took its place wants an executor, and brings nothing else.
                camera.createCaptureSession(listOf(preview, frames.surface), Capturing(), handler)
            }
        }

        override fun onDisconnected(camera: CameraDevice) = fail()

        override fun onError(camera: CameraDevice, error: Int) = fail()

        /** Goes on with the light, the zoom and the focus of now. */
        fun look() {
            val session = session ?: return
            trying { session.setRepeatingRequest(request().build(), null, handler) }
        }

        fun focus(on: Rect) {
            val session = session ?: return
            focused = on
            look()
            trying {
                val once = request().apply {
                    set(CaptureRequest.CONTROL_AF_TRIGGER, CaptureRequest.CONTROL_AF_TRIGGER_START)
                }
                session.capture(once.build(), null, handler)
            }
            handler.postDelayed({
                if (focused === on) {
                    focused = null
                    look()
                }
            }, FOCUS_MS)
        }

        private fun request(): CaptureRequest.Builder {
            val wanted = checkNotNull(device).createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
            wanted.addTarget(preview)
            wanted.addTarget(frames.surface)
            val at = focused
            val mode = if (at ==
                null
            ) {
                CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE
            } else {
                CaptureRequest.CONTROL_AF_MODE_AUTO
            }
            wanted.set(CaptureRequest.CONTROL_AF_MODE, mode)
            at?.let {
                wanted.set(
                    CaptureRequest.CONTROL_AF_REGIONS,
                    arrayOf(MeteringRectangle(it, MeteringRectangle.METERING_WEIGHT_MAX)),
                )
            }
            if (isLit) wanted.set(CaptureRequest.FLASH_MODE, CaptureRequest.FLASH_MODE_TORCH)
            area?.let { wanted.set(CaptureRequest.SCALER_CROP_REGION, cropped(it, zoom)) }
            return wanted
        }

        fun end() {
            isOver = true
            session = null
            device?.close()
            device = null
            frames.close()
            preview.release()
        }

        private fun fail() {
            if (isOver) return
            end()
            onFault()
        }

        /** A camera can go at any time: another app, or the phone's policy, takes it. */
        private fun trying(call: () -> Unit) {
            try {
                if (!isOver) call()
            } catch (_: CameraAccessException) {
                fail()
            } catch (_: IllegalStateException) {
                fail()
            } catch (_: IllegalArgumentException) {
                fail()
            } catch (_: SecurityException) {
                fail()
            }
        }

        private inner class Capturing : CameraCaptureSession.StateCallback() {
            override fun onConfigured(ready: CameraCaptureSession) {
                if (isOver) return
                session = ready
                look()
            }

            override fun onConfigureFailed(failed: CameraCaptureSession) = fail()
        }
    }

    private fun backward(): String? = try {
        manager.cameraIdList.firstOrNull {
            manager.getCameraCharacteristics(it).get(CameraCharacteristics.LENS_FACING) ==
                CameraCharacteristics.LENS_FACING_BACK
        }
    } catch (_: CameraAccessException) {
        null
    }

    private fun <T> of(what: CameraCharacteristics.Key<T>): T? = id?.let {
        try {
            manager.getCameraCharacteristics(it).get(what)
        } catch (_: CameraAccessException) {
            null
        }
    }
}
