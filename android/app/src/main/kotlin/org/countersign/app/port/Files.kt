package org.countersign.app.port

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.net.Uri
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream

private const val PICK = 0x51
private const val SAVE = 0x52
private const val PICTURE = 0x53

/** More than any file of seeds has. */
private const val MOST_BYTES = 16 shl 20

/** Files that the person picks, and where one is saved: by the system's own pages, so that no permission is asked for. */
class Files(private val activity: Activity) {
    private var onPicked: ((ByteArray) -> Unit)? = null
    private var onPicture: ((ByteArray) -> Unit)? = null
    private var unclaimed: ByteArray? = null
    private var toSave: ByteArray? = null

    /** Lets the person pick one; [onPicked] gets what is in it, unless nothing was picked or it can't be read. */
    fun pick(type: String, onPicked: (ByteArray) -> Unit) {
        this.onPicked = onPicked
        start(Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType(type), PICK)
    }

    /** Lets the person say where [bytes] go. Nothing keeps a copy. */
    fun save(name: String, bytes: ByteArray) {
        toSave = bytes
        val intent = Intent(Intent.ACTION_CREATE_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE)
        start(intent.setType("application/octet-stream").putExtra(Intent.EXTRA_TITLE, name), SAVE)
    }

    /** What came of it; false where it is nothing of ours. */
    fun onResult(code: Int, result: Int, data: Intent?): Boolean {
        val place = data?.data?.takeIf { result == Activity.RESULT_OK }
        when (code) {
            PICK -> place?.let(::read)?.let { onPicked?.invoke(it) }
            PICTURE -> place?.let(::read)?.let(::brought)
            SAVE -> place?.let(::write)
            else -> return false
        }
        onPicked = null
        toSave?.fill(0)
        toSave = null
        return true
    }

    /** Lets the person pick a picture, for whoever waits for one when it comes: the window may die meanwhile. */
    fun pickPicture() =
        start(Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("image/*"), PICTURE)

    /** Gives each picture that is picked, and the one that came before anybody waited; with null nobody waits any more. */
    fun awaitPictures(onPicture: ((ByteArray) -> Unit)?) {
        this.onPicture = onPicture
        val before = unclaimed ?: return
        onPicture?.invoke(before)
        unclaimed = null
    }

    private fun brought(picture: ByteArray) {
        onPicture?.invoke(picture) ?: run { unclaimed = picture }
    }

    /** What is there; nothing where it can't be read. */
    fun read(place: Uri): ByteArray? = try {
        activity.contentResolver.openInputStream(place)?.use(::all)
    } catch (_: IOException) {
        null
    } catch (_: SecurityException) {
        null
    }

    /** What is in it; nothing where that is more than anybody means. */
    private fun all(from: InputStream): ByteArray? {
        val bytes = ByteArrayOutputStream()
        val part = ByteArray(DEFAULT_BUFFER_SIZE)
        while (true) {
            val read = from.read(part)
            if (read < 0) return bytes.toByteArray()
            if (bytes.size() + read > MOST_BYTES) return null
            bytes.write(part, 0, read)
        }
    }

    private fun write(place: Uri) {
        try {
            activity.contentResolver.openOutputStream(place, "wt")?.use { it.write(toSave ?: return) }
        } catch (_: IOException) {
            // The app that keeps files says so itself.
        }
    }

    private fun start(intent: Intent, code: Int) {
        try {
            @Suppress("DEPRECATION") // What took its place is of AndroidX.
            activity.startActivityForResult(intent, code)
        } catch (_: ActivityNotFoundException) {
            onPicked = null
            toSave = null
        }
    }
}
