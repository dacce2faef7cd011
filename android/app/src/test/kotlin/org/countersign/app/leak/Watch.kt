package org.countersign.app.leak

import android.app.Activity
import android.app.Notification
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.job.JobScheduler
import android.content.ClipboardManager
import android.content.Intent
import android.os.BaseBundle
import android.os.Bundle
import android.os.Parcel
import android.os.Parcelable
import android.util.SparseArray
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.OutputStream
import java.io.PrintStream
import org.countersign.app.app
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowLog

/** Whatever others can see of the app, from now on: it is looked at again and again, since some of it goes away by itself. */
internal class Watch(private val screen: ActivityController<out Activity>) : AutoCloseable {
    private val seen = mutableListOf<Place>()
    private val said = ByteArrayOutputStream()
    private val streams = System.out to System.err
    private val thread = Thread.currentThread()
    private val handler: Thread.UncaughtExceptionHandler? = thread.uncaughtExceptionHandler

    /** What ended a thread, as the system's crash log tells it. */
    val crashes = mutableListOf<Throwable>()

    init {
        System.setOut(PrintStream(Both(said, streams.first), true))
        System.setErr(PrintStream(Both(said, streams.second), true))
        thread.uncaughtExceptionHandler = Thread.UncaughtExceptionHandler { _, fault -> crashes += fault }
    }

    /** Looks at what is there at this moment, and calls it by [moment]. */
    fun look(moment: String) {
        val state = Bundle().also(screen::saveInstanceState)
        seen += Place("the saved state, $moment", words(state))
        seen += Place("the parcel of the saved state, $moment", parcel(state))
        seen += notes().map { Place("a notification, $moment", words(it)) }
        clip()?.let { seen += Place(CLIPBOARD, it) }
        seen += files()
        seen += intents()
    }

    /** All that was seen, with what was said in logs. */
    fun places(moment: String): List<Place> {
        look(moment)
        val logs = ShadowLog.getLogs().map { "${it.tag} ${it.msg} ${it.throwable?.stackTraceToString().orEmpty()}" }
        return seen + Place("logcat", logs.joinToString("\n")) + Place("the streams", said.toByteArray()) +
            crashes.map { Place("a crash", it.stackTraceToString()) }
    }

    override fun close() {
        System.setOut(streams.first)
        System.setErr(streams.second)
        thread.uncaughtExceptionHandler = handler
    }

    private fun notes(): List<Notification> =
        shadowOf(app.getSystemService(NotificationManager::class.java)).allNotifications

    private fun clip(): String? = app.getSystemService(ClipboardManager::class.java).primaryClip?.let { clip ->
        (0 until clip.itemCount).joinToString("\n") { at -> clip.getItemAt(at).run { "$text $htmlText $uri $intent" } }
    }

    private fun files(): List<Place> {
        val roots = listOfNotNull(app.dataDir, app.cacheDir, app.codeCacheDir, app.noBackupFilesDir) +
            app.getExternalFilesDirs(null).filterNotNull() + app.externalCacheDirs.filterNotNull()
        val files = roots.map(File::getCanonicalFile).distinct().flatMap { it.walk().filter(File::isFile) }.distinct()
        return files.map { Place("a file ${it.name}", it.readBytes()) }
    }

    private fun intents(): List<Place> {
        val shadow = shadowOf(app)
        val sent = shadow.broadcastIntents.map { Place("a broadcast", words(it)) }
        val services = shadow.allStartedServices.map { Place("an intent of a service", words(it)) }
        val jobs = app.getSystemService(JobScheduler::class.java).allPendingJobs
        return sent + services + jobs.map { Place("a job", words(it.extras)) } + started()
    }

    /** What pickers and other apps were asked for; whoever answers as one of them has a list of their own. */
    private fun started(): List<Place> =
        generateSequence { shadowOf(app).nextStartedActivity }.map { Place("an intent", words(it)) }.toList()

    companion object {
        const val CLIPBOARD = "the clipboard"
    }
}

/** Everything that is said in [value], as far as it can be read without its class. */
internal fun words(value: Any?): String = when (value) {
    null -> ""

    is BaseBundle -> value.keySet().joinToString("\n") { "$it ${words(value.get(it))}" }

    is Notification -> words(
        listOf(value.tickerText, value.extras, value.publicVersion, value.contentIntent, value.deleteIntent) +
            value.actions.orEmpty().map { listOf(it.title, it.extras, it.actionIntent) },
    )

    is PendingIntent -> words(shadowOf(value).savedIntent)

    is Intent -> "${value.action} ${value.dataString} ${value.type} ${words(value.extras)} ${value.clipData}"

    is SparseArray<*> -> (0 until value.size()).joinToString("\n") { words(value.valueAt(it)) }

    is ByteArray -> String(value, Charsets.ISO_8859_1)

    is CharArray -> String(value)

    is Array<*> -> value.joinToString("\n", transform = ::words)

    is Iterable<*> -> value.joinToString("\n", transform = ::words)

    is Parcelable -> "$value ${String(parcel(value), Charsets.ISO_8859_1)}"

    else -> value.toString()
}

private fun parcel(value: Parcelable): ByteArray {
    val parcel = Parcel.obtain()
    return try {
        parcel.writeParcelable(value, 0)
        parcel.marshall()
    } finally {
        parcel.recycle()
    }
}

private class Both(private val one: OutputStream, private val other: OutputStream) : OutputStream() {
    override fun write(byte: Int) {
        one.write(byte)
        other.write(byte)
    }
}
