package org.countersign.app.shell

import android.Manifest
import android.app.Activity
import android.graphics.SurfaceTexture
import android.view.Surface
import android.view.TextureView
import android.view.View
import org.countersign.app.port.Camera
import org.countersign.bindings.Frame
import org.countersign.logic.Outside
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.scan.Camera as Looks

/**
 * Opens the camera as the screen wishes, asking for it first, and closes it when what it sees is no longer drawn or the app
 * leaves the front. All else goes on as it is.
 */
internal class Seeing(
    private val activity: Activity,
    private val camera: Camera,
    private val outside: Outside,
    private val onLooks: (Looks) -> Unit,
    private val onFrame: (Frame) -> Unit,
) : Outside,
    TextureView.SurfaceTextureListener,
    View.OnAttachStateChangeListener {
    /** What the camera sees. */
    val finder = Finder(activity, camera).also {
        it.surface.surfaceTextureListener = this
        it.view.addOnAttachStateChangeListener(this)
    }
    private var isWanted = false
    private var texture: SurfaceTexture? = null

    override fun go(go: Go) = outside.go(go)

    override fun wish(wish: Wish) {
        when (wish) {
            is Wish.All -> wish.wishes.forEach(::wish)
            Wish.OpenCamera -> open()
            else -> outside.wish(wish)
        }
    }

    fun torch(on: Boolean) = camera.torch(on)

    /** The person was asked for the camera. */
    fun onAnswer(isAllowed: Boolean) {
        if (isAllowed) look() else onLooks(Looks.REFUSED)
    }

    /** The app came to the front, or left it: meanwhile the camera is another's, and may have been allowed. */
    fun onFront(isThere: Boolean) {
        if (!isThere) {
            camera.close()
        } else if (isWanted && activity.mayUseCamera()) {
            look()
        }
    }

    private fun open() {
        isWanted = true
        when {
            !camera.isThere -> onLooks(Looks.ABSENT)
            activity.mayUseCamera() -> look()
            else -> activity.requestPermissions(arrayOf(Manifest.permission.CAMERA), ASK)
        }
    }

    /** Looks as soon as there is something to draw on. */
    private fun look() {
        val size = camera.size ?: return onLooks(Looks.ABSENT)
        onLooks(Looks.LOOKING)
        val texture = texture ?: return
        texture.setDefaultBufferSize(size.width, size.height)
        @Suppress("DEPRECATION") // What took its place is of Android 11.
        val turned = activity.windowManager.defaultDisplay.rotation * QUARTER
        finder.begin()
        finder.draw(size, turned)
        val onFault = { activity.runOnUiThread { if (isWanted) onLooks(Looks.TAKEN) } }
        camera.open(Surface(texture), turned, { activity.runOnUiThread { onFrame(it) } }, onFault)
    }

    override fun onSurfaceTextureAvailable(surface: SurfaceTexture, width: Int, height: Int) {
        texture = surface
        if (isWanted && activity.mayUseCamera()) look()
    }

    override fun onSurfaceTextureSizeChanged(surface: SurfaceTexture, width: Int, height: Int) = Unit

    override fun onSurfaceTextureDestroyed(surface: SurfaceTexture): Boolean {
        texture = null
        camera.close()
        return true
    }

    override fun onSurfaceTextureUpdated(surface: SurfaceTexture) = Unit

    override fun onViewAttachedToWindow(view: View) = Unit

    override fun onViewDetachedFromWindow(view: View) {
        isWanted = false
        camera.close()
    }

    companion object {
        const val ASK = 2
        private const val QUARTER = 90
    }
}
