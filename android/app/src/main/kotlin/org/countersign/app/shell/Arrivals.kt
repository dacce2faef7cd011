package org.countersign.app.shell

import android.content.ContentResolver
import android.content.Intent
import android.net.Uri
import android.os.Build

/** More than any link has that is read here; what is longer is refused by its length. */
private const val MOST_CHARACTERS = 32 shl 10

/** What the links begin with that other apps may open here. */
private val LINKS = setOf("otpauth", "otpauth-migration", "countersign")

/** What another app brought: it is named on the page of scans, and waits for a yes there like all else. */
sealed interface Arrival {
    /** A link that was opened, or a text that was shared. It may hold a seed: it prints nothing. */
    class Words(val bytes: ByteArray) : Arrival

    /** A picture that was shared. */
    class Picture(val place: Uri) : Arrival
}

/** In memory alone, until somebody looks: it may hold a seed, and waits behind the lock. */
class Arrivals {
    private var waiting: Arrival? = null
    private var onArrival: ((Arrival) -> Unit)? = null

    fun put(arrival: Arrival) {
        onArrival?.invoke(arrival) ?: run { waiting = arrival }
    }

    /** The person went elsewhere without looking at it. */
    fun forget() {
        waiting = null
    }

    /** Gives each that comes, and the one that came before; with null nobody looks any more. */
    fun await(onArrival: ((Arrival) -> Unit)?) {
        this.onArrival = onArrival
        val before = waiting ?: return
        if (onArrival == null) return
        waiting = null
        onArrival(before)
    }
}

/**
 * What this intent of another app brings; none where it brings nothing that is taken, or is an old one out of the list of recent
 * apps. Nothing else of it is read.
 */
internal fun Intent.arrival(): Arrival? {
    if (flags and Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY != 0) return null
    return try {
        when (action) {
            Intent.ACTION_VIEW -> link()
            Intent.ACTION_SEND -> picture() ?: text()
            else -> null
        }
    } catch (_: RuntimeException) {
        // Extras are unpacked as they are read, and may be of a class that does not exist.
        null
    }
}

private fun Intent.link(): Arrival? = data?.takeIf { it.scheme?.lowercase() in LINKS }?.toString()?.let(::words)

/** Files of our own are named by `file:` too: only what a provider gives is read. */
private fun Intent.picture(): Arrival? {
    val place = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
        getParcelableExtra(Intent.EXTRA_STREAM, Uri::class.java)
    } else {
        @Suppress("DEPRECATION") // What took its place came with Android 13.
        getParcelableExtra<Uri>(Intent.EXTRA_STREAM)
    }
    return place?.takeIf { type?.startsWith("image/") == true && it.scheme == ContentResolver.SCHEME_CONTENT }
        ?.let(Arrival::Picture)
}

private fun Intent.text(): Arrival? = getCharSequenceExtra(Intent.EXTRA_TEXT)?.toString()?.let(::words)

private fun words(text: String) = Arrival.Words(text.take(MOST_CHARACTERS).trim().toByteArray())
