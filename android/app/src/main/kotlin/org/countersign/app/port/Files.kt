package org.countersign.app.port

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.net.Uri
import android.provider.DocumentsContract
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

private const val PICK = 0x51
private const val SAVE = 0x52
private const val PICTURE = 0x53

/** More than any file of seeds has, and than any picture of a code needs. */
private const val MOST_BYTES = 16 shl 20

/** What became of a file that was to be read. */
sealed interface Taken {
    class Bytes(val bytes: ByteArray) : Taken

    data object TooLarge : Taken

    /** It is not there any more, or this app may not read it. */
    data object Gone : Taken
}

/**
 * Files that the person picks, and where one is saved: by the system's own pages, so that no permission is asked for. They may
 * lie in a cloud: none is read or written on the main thread.
 */
class Files(private val activity: Activity, private val scope: CoroutineScope, private val onSaved: (Boolean) -> Unit) {
    private var onPicked: ((Taken) -> Unit)? = null
    private var onPicture: ((Taken) -> Unit)? = null
    private var unclaimed: Taken? = null
    private var toSave: ByteArray? = null

    /** Lets the person pick one; [onPicked] gets what is in it, unless nothing was picked. */
    fun pick(type: String, onPicked: (Taken) -> Unit) {
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
        val (picked, bytes) = onPicked to toSave
        when (code) {
            PICK -> place?.let { scope.launch { picked?.invoke(read(it)) } }
            PICTURE -> place?.let { scope.launch { brought(read(it)) } }
            SAVE -> if (place == null) bytes?.fill(0) else scope.launch { onSaved(write(place, bytes)) }
            else -> return false
        }
        onPicked = null
        toSave = null
        return true
    }

    /** Lets the person pick a picture, for whoever waits for one when it comes: the window may die meanwhile. */
    fun pickPicture() =
        start(Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("image/*"), PICTURE)

    /** Gives each picture that is picked, and the one that came before anybody waited; with null nobody waits any more. */
    fun awaitPictures(onPicture: ((Taken) -> Unit)?) {
        this.onPicture = onPicture
        val before = unclaimed ?: return
        onPicture?.invoke(before)
        unclaimed = null
    }

    private fun brought(picture: Taken) {
        onPicture?.invoke(picture) ?: run { unclaimed = picture }
    }

    /** What is there. */
    suspend fun read(place: Uri): Taken = withContext(Dispatchers.IO) {
        try {
            activity.contentResolver.openInputStream(place)?.use(::all) ?: Taken.Gone
        } catch (_: IOException) {
            Taken.Gone
        } catch (_: RuntimeException) {
            // It is another app that answers: it may refuse, or throw what it likes.
            Taken.Gone
        }
    }

    private fun all(from: InputStream): Taken {
        val bytes = ByteArrayOutputStream()
        val part = ByteArray(DEFAULT_BUFFER_SIZE)
        while (true) {
            val read = from.read(part)
            if (read < 0) return Taken.Bytes(bytes.toByteArray())
            if (bytes.size() + read > MOST_BYTES) return Taken.TooLarge
            bytes.write(part, 0, read)
        }
    }

    /** Whether all of it is there. What was written by half, or of which the window's death left nothing, goes away again. */
    private suspend fun write(place: Uri, bytes: ByteArray?): Boolean = withContext(Dispatchers.IO) {
        val isWritten = bytes != null && try {
            activity.contentResolver.openOutputStream(place, "wt")?.use { it.write(bytes) } != null
        } catch (_: IOException) {
            false
        } catch (_: RuntimeException) {
            false
        }
        bytes?.fill(0)
        if (!isWritten) runCatching { DocumentsContract.deleteDocument(activity.contentResolver, place) }
        isWritten
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
