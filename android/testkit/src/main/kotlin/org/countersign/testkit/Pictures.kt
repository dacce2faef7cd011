package org.countersign.testkit

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.os.Looper
import android.view.View
import java.io.File
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

/**
 * Pictures of what is drawn. The new one lands in cargo's target folder; the golden one of its name must be equal to it pixel
 * by pixel. With `cargo xtask test --accept --only android-app` the new one becomes golden: look at it before it is committed.
 */
object Pictures {
    /** The one API level whose pictures are compared: others differ in a few bytes. */
    const val GOLDEN_API = 35

    private val drawn = File(System.getProperty("countersign.screens"))
    private val golden = File("src/test/screens")
    private val accepts = System.getProperty("countersign.accept") == "1"

    /** Draws [view] and compares it with the golden picture [name]. On other API levels it is drawn, and nothing more. */
    fun check(view: View, name: String) {
        val picture = draw(view)
        if (RuntimeEnvironment.getApiLevel() != GOLDEN_API) return
        val new = write(picture, File(drawn, "$name.png"))
        val old = File(golden, "$name.png")
        if (accepts) new.copyTo(old, overwrite = true)
        check(old.exists()) { "no golden picture is called $name; the new one is $new" }
        check(pixels(BitmapFactory.decodeFile(old.path)) == pixels(picture)) { "$new differs from the golden picture" }
    }

    /** What [view] shows now. */
    fun draw(view: View): Bitmap {
        shadowOf(Looper.getMainLooper()).idle()
        return Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888).also { view.draw(Canvas(it)) }
    }

    private fun pixels(picture: Bitmap): Pair<Int, List<Int>> {
        val pixels = IntArray(picture.width * picture.height)
        picture.getPixels(pixels, 0, picture.width, 0, 0, picture.width, picture.height)
        return picture.width to pixels.asList()
    }

    private fun write(picture: Bitmap, file: File): File {
        file.parentFile?.mkdirs()
        file.writeBytes(png(picture))
        return file
    }
}
