package org.countersign.app.shell

import android.Manifest
import android.app.Activity
import android.graphics.SurfaceTexture
import android.os.Handler
import android.os.HandlerThread
import android.view.Surface
import android.view.TextureView
import org.countersign.app.port.Camera
import org.countersign.app.port.Files
import org.countersign.bindings.Frame
import org.countersign.logic.Outside
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.scan.Camera as Looks
import org.countersign.logic.scan.ScanEvent

/** Opens the camera as the screen wishes, asking for it first; and has pictures picked. All else goes on as it is. */
internal class Seeing(
    private val activity: Activity,
    private val looking: HandlerThread,
    private val files: Files,
    private val outside: Outside,
) : Outside,
    TextureView.SurfaceTextureListener {
    val camera = Camera(activity, Handler(looking.apply { start() }.looper))

    /** What the camera sees. */
    val finder = TextureView(activity).also { it.surfaceTextureListener = this }
    var onEvent: (ScanEvent) -> Unit = {}
    private var isWanted = false
    private var surface: Surface? = null

    override fun go(go: Go) = outside.go(go)

    override fun wish(wish: Wish) {
        when (wish) {
            is Wish.All -> wish.wishes.forEach(::wish)
            Wish.OpenCamera -> open()
            is Wish.PickFile -> files.pickPicture()
            else -> outside.wish(wish)
        }
    }

    private fun open() {
        when {
            !camera.isThere -> onEvent(ScanEvent.CameraIs(Looks.ABSENT))
            activity.mayUseCamera() -> look()
            else -> activity.requestPermissions(arrayOf(Manifest.permission.CAMERA), ASK)
        }
    }

    fun onAnswer(isAllowed: Boolean) {
        if (isAllowed) look() else onEvent(ScanEvent.CameraIs(Looks.REFUSED))
    }

    /** Looks as soon as there is something to draw on. */
    private fun look() {
        isWanted = true
        val texture = finder.surfaceTexture ?: return
        val size = camera.size() ?: return onFault()
        texture.setDefaultBufferSize(size.width, size.height)
        val surface = Surface(texture).also { surface = it }

        @Suppress("DEPRECATION") // What took its place is of Android 11.
        val turned = activity.windowManager.defaultDisplay.rotation
        val onFrame = { frame: Frame -> activity.runOnUiThread { onEvent(ScanEvent.Saw(frame)) } }
        camera.open(surface, turned * QUARTER, onFrame) { activity.runOnUiThread(::onFault) }
        onEvent(ScanEvent.CameraIs(Looks.LOOKING))
    }

    private fun onFault() = onEvent(ScanEvent.CameraIs(Looks.ABSENT))

    fun rest() {
        files.awaitPictures(null)
        close()
        looking.quitSafely()
    }

    private fun close() {
        camera.close()
        surface?.release()
        surface = null
    }

    override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int) {
        if (isWanted) look()
    }

    override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int) = Unit

    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
        close()
        return true
    }

    override fun onSurfaceTextureUpdated(texture: SurfaceTexture) = Unit

    companion object {
        const val ASK = 2
        private const val QUARTER = 90
    }
}
