package org.countersign.app.port

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.ImageFormat
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.media.ImageReader
import android.os.Handler
import android.util.Size
import android.view.Surface
import org.countersign.bindings.Frame
import org.countersign.bindings.Rotation

/** A picture large enough for dense codes, and no larger: decoding takes its time. */
private const val WANTED_PIXELS = 1280 * 960
private const val FRAMES = 2
private const val QUARTER = 90
private const val FULL_TURN = 360

/** The camera at the back: what it sees goes to a surface, and in grey to whoever reads codes. */
class Camera(context: Context, private val handler: Handler) {
    private val manager = context.getSystemService(CameraManager::class.java)
    private val id = manager.cameraIdList.firstOrNull { lens(it) == CameraCharacteristics.LENS_FACING_BACK }
    private var device: CameraDevice? = null
    private var session: CameraCaptureSession? = null
    private var reader: ImageReader? = null
    private var request: CaptureRequest.Builder? = null

    /** Whether there is one at the back. */
    val isThere: Boolean get() = id != null

    val hasTorch: Boolean
        get() = id?.let { of(it, CameraCharacteristics.FLASH_INFO_AVAILABLE) } ?: false

    /** What [preview] has to be as large as; none without a camera. */
    fun size(): Size? = id?.let {
        best(of(it, CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP)?.getOutputSizes(ImageFormat.YUV_420_888))
    }

    /**
     * Opens it. [onFrame] gets each picture, one at a time; [onFault] is called where another app has the camera, or it failed.
     * The permission was given before.
     */
    @SuppressLint("MissingPermission")
    fun open(preview: Surface, display: Int, onFrame: (Frame) -> Unit, onFault: () -> Unit) {
        val id = this.id ?: return onFault()
        val size = size() ?: return onFault()
        val turn = rotation(of(id, CameraCharacteristics.SENSOR_ORIENTATION) ?: 0, display)
        val frames = ImageReader.newInstance(size.width, size.height, ImageFormat.YUV_420_888, FRAMES)
        frames.setOnImageAvailableListener({ from ->
            from.acquireLatestImage()?.use { image ->
                val grey = image.planes[0]
                onFrame(frame(grey.buffer, image.width, image.height, grey.rowStride, turn))
            }
        }, handler)
        reader = frames
        try {
            manager.openCamera(id, Opening(listOf(preview, frames.surface), onFault), handler)
        } catch (_: CameraAccessException) {
            onFault()
        }
    }

    /** Lights the scene, or stops to. */
    fun torch(on: Boolean) {
        val request = request ?: return
        request.set(
            CaptureRequest.FLASH_MODE,
            if (on) CaptureRequest.FLASH_MODE_TORCH else CaptureRequest.FLASH_MODE_OFF,
        )
        session?.setRepeatingRequest(request.build(), null, handler)
    }

    fun close() {
        session?.close()
        device?.close()
        reader?.close()
        session = null
        device = null
        reader = null
        request = null
    }

    private inner class Opening(private val surfaces: List<Surface>, private val onFault: () -> Unit) :
        CameraDevice.StateCallback() {
        override fun onOpened(camera: CameraDevice) {
            device = camera
            val wanted = camera.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
            surfaces.forEach(wanted::addTarget)
            wanted.set(CaptureRequest.CONTROL_AF_MODE, CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE)
            request = wanted
            @Suppress("DEPRECATION") // What took its place wants an executor, and brings nothing else.
            camera.createCaptureSession(surfaces, Capturing(wanted, onFault), handler)
        }

        override fun onDisconnected(camera: CameraDevice) = end(camera)

        override fun onError(camera: CameraDevice, error: Int) = end(camera)

        private fun end(camera: CameraDevice) {
            camera.close()
            onFault()
        }
    }

    private inner class Capturing(private val wanted: CaptureRequest.Builder, private val onFault: () -> Unit) :
        CameraCaptureSession.StateCallback() {
        override fun onConfigured(ready: CameraCaptureSession) {
            session = ready
            ready.setRepeatingRequest(wanted.build(), null, handler)
        }

        override fun onConfigureFailed(failed: CameraCaptureSession) = onFault()
    }

    private fun lens(id: String): Int? = of(id, CameraCharacteristics.LENS_FACING)

    private fun <T> of(id: String, what: CameraCharacteristics.Key<T>): T? =
        manager.getCameraCharacteristics(id).get(what)
}

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
