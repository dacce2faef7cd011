package org.countersign.app.port

import android.Manifest
import android.content.Context
import android.graphics.ImageFormat
import android.graphics.Rect
import android.graphics.RectF
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.os.Handler
import android.os.Looper
import android.util.Size
import android.view.Surface
import java.time.Duration
import org.countersign.app.app
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowCameraCaptureSessionImpl
import org.robolectric.shadows.ShadowCameraCharacteristics
import org.robolectric.shadows.StreamConfigurationMapBuilder

private val AREA = Rect(0, 0, 4000, 3000)

/** The phone's camera, and where things are in what it sees. */
@RunWith(RobolectricTestRunner::class)
@Config(shadows = [Session::class])
class CameraTest {
    private val looper = shadowOf(Looper.getMainLooper())
    private var faults = 0

    private fun camera(): PhoneCamera {
        val traits = ShadowCameraCharacteristics.newCameraCharacteristics()
        Shadow.extract<ShadowCameraCharacteristics>(traits).apply {
            set(CameraCharacteristics.LENS_FACING, CameraCharacteristics.LENS_FACING_BACK)
            set(CameraCharacteristics.SENSOR_ORIENTATION, 90)
            set(CameraCharacteristics.SENSOR_INFO_ACTIVE_ARRAY_SIZE, AREA)
            set(CameraCharacteristics.FLASH_INFO_AVAILABLE, true)
            set(CameraCharacteristics.SCALER_AVAILABLE_MAX_DIGITAL_ZOOM, 4f)
            set(CameraCharacteristics.CONTROL_MAX_REGIONS_AF, 1)
            val sizes = StreamConfigurationMapBuilder.newBuilder().addOutputSize(
                ImageFormat.YUV_420_888,
                Size(1280, 960),
            )
            set(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP, sizes.build())
        }
        shadowOf(app.getSystemService(CameraManager::class.java)).addCamera("0", traits)
        shadowOf(app).grantPermissions(Manifest.permission.CAMERA)
        return PhoneCamera(app as Context, Handler(Looper.getMainLooper()))
    }

    @Before
    fun begin() = Session.asked.clear()

    private fun PhoneCamera.opens() {
        open(Surface(SurfaceTexture(0)), 0, onFrame = {}, onFault = { faults += 1 })
        looper.idle()
    }

    @Test
    fun aPhoneWithoutACameraSaysSo() {
        val none = PhoneCamera(app as Context, Handler(Looper.getMainLooper()))
        assertEquals(listOf(false, false, null, 1f), listOf(none.isThere, none.hasTorch, none.size, none.nearest))
        none.opens()
        assertEquals(1, faults)
    }

    @Test
    fun whatTheCameraCanIsKnownBeforeItOpens() {
        val camera = camera()
        assertEquals(
            listOf(true, true, Size(1280, 960), 4f),
            listOf(camera.isThere, camera.hasTorch, camera.size, camera.nearest),
        )
    }

    @Test
    fun lightNearnessAndFocusAreAskedOfAnOpenCameraAlone() {
        val camera = camera()
        camera.torch(true)
        camera.focus(0.5f, 0.5f)
        looper.idle()
        assertEquals("nothing is open", emptyList<CaptureRequest>(), Session.asked)
        camera.opens()
        assertEquals(CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE, last(CaptureRequest.CONTROL_AF_MODE))
        assertEquals("it opens dark", null, last(CaptureRequest.FLASH_MODE))
        camera.torch(true)
        camera.zoom(2f)
        looper.idle()
        assertEquals(CaptureRequest.FLASH_MODE_TORCH, last(CaptureRequest.FLASH_MODE))
        assertEquals(Rect(1000, 750, 3000, 2250), last(CaptureRequest.SCALER_CROP_REGION))
        camera.zoom(9f)
        looper.idle()
        assertEquals("no nearer than it can", cropped(AREA, 4f), last(CaptureRequest.SCALER_CROP_REGION))

        camera.focus(0.5f, 0.5f)
        looper.idle()
        assertEquals(CaptureRequest.CONTROL_AF_TRIGGER_START, last(CaptureRequest.CONTROL_AF_TRIGGER))
        assertEquals(
            touched(0.5f, 0.5f, 90, cropped(AREA, 4f)),
            last(CaptureRequest.CONTROL_AF_REGIONS)!!.single().rect,
        )
        looper.idleFor(Duration.ofSeconds(5))
        assertEquals(CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE, last(CaptureRequest.CONTROL_AF_MODE))

        camera.close()
        val before = Session.asked.size
        camera.zoom(3f)
        looper.idle()
        assertEquals("nothing is asked of a closed one", before, Session.asked.size)
        assertEquals(0, faults)
    }

    private fun <T> last(what: CaptureRequest.Key<T>): T? = Session.asked.last().get(what)

    @Test
    fun aCameraThatAnotherAppTakesIsAFaultOnce() {
        val camera = camera()
        camera.opens()
        shadowOf(app.getSystemService(CameraManager::class.java)).triggerDisconnect()
        looper.idle()
        assertEquals(1, faults)
        camera.close()
        looper.idle()
        assertEquals("what is over fails no more", 1, faults)
        camera.opens()
        assertEquals("and it can be opened again", 1, faults)
    }

    @Test
    fun aCameraThatOpensTooLateIsClosed() {
        val camera = camera()
        val surface = Surface(SurfaceTexture(0))
        camera.open(surface, 0, onFrame = {}, onFault = { faults += 1 })
        camera.close()
        looper.idle()
        assertEquals(0, faults)
        assertFalse("what it drew on is given back", surface.isValid)
    }

    @Test
    fun thePictureCoversItsViewUndistorted() {
        for ((display, wide, high) in listOf(
            Triple(0, 960f, 1280f),
            Triple(90, 1280f, 960f),
            Triple(180, 960f, 1280f),
        )) {
            val view = Size(1000, 1000)
            // The platform fills the view with the picture; the matrix is what is done to that.
            val drawn = RectF(0f, 0f, 1000f, 1000f)
            covering(view, Size(1280, 960), display).mapRect(drawn)
            assertEquals("$display: its shape", wide / high, drawn.width() / drawn.height(), 0.001f)
            assertEquals("$display: its middle", 500f, drawn.centerX(), 0.5f)
            assertTrue("$display: all of the view", drawn.left <= 0.5f && drawn.top <= 0.5f)
            assertEquals("$display: no more than needed", 1000f, minOf(drawn.width(), drawn.height()), 0.5f)
        }
    }

    @Test
    fun nearerIsTheMiddleOfTheSensor() {
        assertEquals(AREA, cropped(AREA, 1f))
        assertEquals(Rect(1000, 750, 3000, 2250), cropped(AREA, 2f))
    }

    @Test
    fun aFingerMeansAPlaceOfTheSensor() {
        val middle = touched(0.5f, 0.5f, sensor = 90, crop = AREA)
        assertEquals(listOf(2000, 1500), listOf(middle.centerX(), middle.centerY()))
        // The sensor lies on its side: what is drawn above is at its left, what is drawn at the left is at its bottom.
        val above = touched(0.25f, 0.1f, sensor = 90, crop = AREA)
        assertEquals(listOf(400, 2250), listOf(above.centerX(), above.centerY()))
        val other = touched(0.25f, 0.1f, sensor = 270, crop = AREA)
        assertEquals(listOf(3600, 750), listOf(other.centerX(), other.centerY()))
        listOf(0f to 0f, 1f to 1f, 0f to 1f).forEach { (x, y) ->
            listOf(0, 90, 180, 270).forEach { assertTrue(AREA.contains(touched(x, y, it, AREA))) }
        }
    }
}

/** What is asked of the camera while it looks. */
@Implements(className = "android.hardware.camera2.impl.CameraCaptureSessionImpl", isInAndroidSdk = false)
class Session : ShadowCameraCaptureSessionImpl() {
    @Implementation
    override fun setRepeatingRequest(
        request: CaptureRequest,
        callback: CameraCaptureSession.CaptureCallback?,
        handler: Handler?,
    ): Int {
        asked += request
        return asked.size
    }

    @Implementation
    override fun capture(
        request: CaptureRequest,
        callback: CameraCaptureSession.CaptureCallback?,
        handler: Handler?,
    ): Int {
        asked += request
        return asked.size
    }

    companion object {
        val asked = mutableListOf<CaptureRequest>()
    }
}
