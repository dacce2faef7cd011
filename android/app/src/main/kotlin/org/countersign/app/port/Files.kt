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

private const val SEEDS_CODE = 0x51
private const val SAVE = 0x52
private const val PICTURE_CODE = 0x53

/** More than any file of seeds has, and than any picture of a code needs. */
private const val MOST_BYTES = 16 shl 20

/** What became of a file that was to be read. */
sealed interface Taken {
    class Bytes(val bytes: ByteArray) : Taken

    data object TooLarge : Taken

    /** It is not there any more, or this app may not read it. */
    data object Gone : Taken
}

/** What a file is picked for: one waits for each. */
enum class Pick(internal val code: Int, internal val type: String) {
    PICTURE(PICTURE_CODE, "image/*"),

    // Tables and containers have many types, and most phones know none of them.
    SEEDS(SEEDS_CODE, "*/*"),
}

/**
 * Files that the person picks, and where one is saved: by the system's own pages, so that no permission is asked for. They may
 * lie in a cloud: none is read or written on the main thread.
 */
class Files(
    private val activity: Activity,
    private val scope: CoroutineScope,
    private val onSaved: (Boolean) -> Unit,
    /** Locks the vault if that is due: whoever picked for a long while finds the file behind the lock, and not lost with it. */
    private val settle: suspend () -> Unit,
) {
    private val awaiting = mutableMapOf<Pick, (Taken) -> Unit>()
    private val unclaimed = mutableMapOf<Pick, Uri>()
    private var toSave: ByteArray? = null

    /** Lets the person pick one, for whoever [awaits][await] it when it comes: the vault may lock, and the window die, meanwhile. */
    fun pick(what: Pick) {
        start(Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType(what.type), what.code)
    }

    /** Gives what is in each that is picked, and in the one that was before anybody waited; with null nobody waits any more. */
    fun await(what: Pick, onTaken: ((Taken) -> Unit)?) {
        if (onTaken == null) {
            awaiting.remove(what)
            return
        }
        awaiting[what] = onTaken
        scope.launch { give(what) }
    }

    /** It is read where somebody waits for it, and not before: it may hold seeds, and the vault may be locked. */
    private suspend fun give(what: Pick) {
        val onTaken = awaiting[what] ?: return
        onTaken(read(unclaimed.remove(what) ?: return))
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
        if (code == SAVE) {
            onPlace(place)
            return true
        }
        val what = Pick.entries.find { it.code == code } ?: return false
        place?.let { unclaimed[what] = it }
        scope.launch {
            settle()
            give(what)
        }
        return true
    }

    private fun onPlace(place: Uri?) {
        val bytes = toSave
        toSave = null
        if (place == null) bytes?.fill(0) else scope.launch { onSaved(write(place, bytes)) }
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
            toSave = null
        }
    }
}
