package org.countersign.app.leak

import android.app.Activity
import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.job.JobInfo
import android.app.job.JobScheduler
import android.content.ClipData
import android.content.ClipboardManager
import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.os.PersistableBundle
import android.util.Log
import android.widget.EditText
import java.io.File
import java.util.Base64
import org.countersign.app.app
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController

/** The search finds each canary in each place: else its silence says nothing. */
@RunWith(RobolectricTestRunner::class)
class SearchTest {
    private val seed = ByteArray(20) { (it * 37 + 11).toByte() }
    private val canaries = listOf(
        Canary.bytes("seed", seed),
        Canary.text("passphrase", "a canary sings at seven"),
        Canary.digits("code", "482 913"),
        Canary.text("link", "1.eyJjYW5hcnkiOjF9"),
    )
    private val written = mapOf(
        "seed" to base32(seed),
        "passphrase" to "a canary sings at seven",
        "code" to "482913",
        "link" to "https://localhost:8443/enrol#1.eyJjYW5hcnkiOjF9",
    )
    private val saboteurs = mapOf<String, (ActivityController<Leaky>, String) -> Unit>(
        "logcat" to { _, secret -> Log.d("app", "got $secret") },
        "logcat of a fault" to { _, secret -> Log.w("app", "refused", IllegalStateException(secret)) },
        "the streams" to { _, secret -> println("got $secret") },
        "the stream of faults" to { _, secret -> System.err.println("got $secret") },
        "a field's saved state" to { screen, secret -> screen.get().field.setText(secret) },
        "our saved state" to { screen, secret -> screen.get().saved.putString("typed", secret) },
        "bytes in our saved state" to { screen, secret ->
            screen.get().saved.putBundle("deep", Bundle().apply { putByteArray("typed", secret.toByteArray()) })
        },
        "preferences" to { _, secret ->
            app.getSharedPreferences("kept", Context.MODE_PRIVATE).edit().putString("it", secret).commit()
        },
        "a file" to { _, secret -> File(app.filesDir, "deep").apply { mkdirs() }.resolve("it").writeText(secret) },
        "a file of the cache" to { _, secret -> File(app.cacheDir, "picture").writeText(secret) },
        "a file outside" to { _, secret -> File(app.getExternalFilesDir(null), "it").writeText(secret) },
        "a note's title" to { _, secret -> note { setContentTitle(secret) } },
        "a note's extras" to { _, secret -> note { addExtras(Bundle().apply { putString("it", secret) }) } },
        "a note's intent" to { _, secret -> note { setContentIntent(leading(secret)) } },
        "a note's action" to { _, secret ->
            note { addAction(Notification.Action.Builder(null, "yes", leading(secret)).build()) }
        },
        "the clipboard" to { _, secret ->
            app.getSystemService(ClipboardManager::class.java).setPrimaryClip(ClipData.newPlainText("", secret))
        },
        "an intent" to { screen, secret ->
            screen.get().startActivity(Intent("VIEW").setClassName("other", "other.App").putExtra("it", secret))
        },
        "a broadcast" to { _, secret -> app.sendBroadcast(Intent("SENT").putExtra("it", secret)) },
        "a job" to { _, secret -> plan(secret) },
        "a crash" to { _, secret ->
            val thread = Thread.currentThread()
            thread.uncaughtExceptionHandler!!.uncaughtException(thread, IllegalStateException("lost $secret"))
        },
    )

    @Test
    fun eachSaboteurIsFoundWithEachCanary() {
        for ((place, plant) in saboteurs) {
            for ((name, secret) in written) {
                watched { screen, watch ->
                    assertEquals("before $place", emptyList<String>(), found(canaries, watch.places("before")))
                    plant(screen, secret)
                    val all = found(canaries, watch.places("after"))
                    assertTrue("$name in $place, among $all", all.any { it.startsWith("$name in ") })
                }
                clean()
            }
        }
    }

    @Test
    fun eachFormIsFoundAndWhatIsLikeItIsNot() {
        val encoder = Base64.getEncoder()
        val forms = mapOf(
            "raw" to byteArrayOf(1, 2) + seed,
            "hex" to "0a${seed.joinToString("") { "%02x".format(it) }}".toByteArray(),
            "numbers" to seed.map { it.toUByte() }.toString().toByteArray(),
            "signed numbers" to seed.toList().toString().toByteArray(),
            "base32" to base32(seed).lowercase().toByteArray(),
            "wide" to base32(seed).toByteArray(Charsets.UTF_16LE),
            "base64" to encoder.encode(seed),
            "base64 behind one" to encoder.encode(byteArrayOf(9) + seed + 7),
            "base64 behind two" to encoder.encode(byteArrayOf(9, 8) + seed),
        )
        for ((form, bytes) in forms) assertEquals(form, 1, found(canaries, listOf(Place(form, bytes))).size)
        for (grouped in listOf("482 913", "482\u00a0913", "(482913)")) {
            assertEquals(grouped, 1, found(canaries, listOf(Place("it", grouped))).size)
        }
        for (other in listOf("1482913", "4829130", "0.482913", "482-913", base32(seed).dropLast(4))) {
            assertEquals(other, emptyList<String>(), found(canaries, listOf(Place("it", other))))
        }
    }

    private fun watched(act: (ActivityController<Leaky>, Watch) -> Unit) =
        Robolectric.buildActivity(Leaky::class.java).setup().use { screen -> Watch(screen).use { act(screen, it) } }

    /** Takes away again what outlives a window. */
    private fun clean() {
        org.robolectric.shadows.ShadowLog.clear()
        app.getSharedPreferences("kept", Context.MODE_PRIVATE).edit().clear().commit()
        listOf(app.filesDir, app.cacheDir, app.getExternalFilesDir(null)!!).forEach { folder ->
            folder.listFiles().orEmpty().forEach { it.deleteRecursively() }
        }
        app.getSystemService(NotificationManager::class.java).cancelAll()
        app.getSystemService(ClipboardManager::class.java).setPrimaryClip(ClipData.newPlainText("", ""))
        org.robolectric.Shadows.shadowOf(app).clearBroadcastIntents()
        app.getSystemService(JobScheduler::class.java).cancelAll()
    }

    private fun note(build: Notification.Builder.() -> Unit) {
        val notes = app.getSystemService(NotificationManager::class.java)
        notes.createNotificationChannel(NotificationChannel("leak", "leak", NotificationManager.IMPORTANCE_LOW))
        notes.notify(1, Notification.Builder(app, "leak").apply(build).build())
    }

    private fun leading(secret: String): PendingIntent {
        val intent = Intent("LED").setPackage(app.packageName).putExtra("it", secret)
        return PendingIntent.getBroadcast(app, secret.hashCode(), intent, PendingIntent.FLAG_IMMUTABLE)
    }

    private fun plan(secret: String) {
        val extras = PersistableBundle().apply { putString("it", secret) }
        val job = JobInfo.Builder(1, ComponentName(app, "Job")).setExtras(extras).setMinimumLatency(1).build()
        app.getSystemService(JobScheduler::class.java).schedule(job)
    }
}

/** A window that keeps what is typed. */
class Leaky : Activity() {
    val saved = Bundle()
    val field by lazy { EditText(this).apply { id = 7 } }

    override fun onCreate(before: Bundle?) {
        super.onCreate(before)
        setContentView(field)
    }

    override fun onSaveInstanceState(out: Bundle) {
        super.onSaveInstanceState(out)
        out.putAll(saved)
    }
}
