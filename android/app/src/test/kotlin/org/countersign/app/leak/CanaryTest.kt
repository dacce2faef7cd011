package org.countersign.app.leak

import android.content.ClipData
import android.content.ClipboardManager
import android.os.Looper
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import org.countersign.app.MainActivity
import org.countersign.app.app
import org.countersign.app.awaiting
import org.countersign.app.back
import org.countersign.app.blank
import org.countersign.app.code
import org.countersign.app.picked
import org.countersign.app.png
import org.countersign.app.row
import org.countersign.app.sees
import org.countersign.app.tap
import org.countersign.app.type
import org.countersign.bindings.ClockPort
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

private const val PASSPHRASE = "a canary sings at seven"
private const val OTHER = "another canary at eight"
private const val NOW = 1_700_000_000uL
private const val CODE = "the code"

/** Longer than any code stays where it was copied to. */
private const val CLEARED_S = 600L
private val SEED = "canary-of-twenty-b-1".toByteArray()
private val REFUSED = "canary-of-twenty-b-2".toByteArray()

/** What a person types, scans and sees stands nowhere else: not in logs, saved states, files, notes, intents. */
@RunWith(RobolectricTestRunner::class)
class CanaryTest {
    private val clips get() = app.getSystemService(ClipboardManager::class.java)
    private val typed = listOf(
        Canary.text("the passphrase", PASSPHRASE),
        Canary.text("a wrong passphrase", OTHER),
        Canary.bytes("the seed", SEED),
        Canary.bytes("a refused seed", REFUSED),
    )

    @Before
    fun begin() {
        FakeKeyStore.install()
        app.clock = object : ClockPort {
            override fun now() = NOW
        }
    }

    @Test
    fun codesLeaveNothingBehind() = watched { screen, watch ->
        vault(screen, watch)
        account(screen, watch)
        val code = screen.code("mara")
        screen.get().row("Example").performClick()
        screen.awaiting("the copy") { clips.primaryClip?.getItemAt(0)?.text?.toString() == code }
        assertTrue(clips.primaryClipDescription!!.extras.getBoolean("android.content.extra.IS_SENSITIVE"))
        watch.look("a code copied")
        shadowOf(Looper.getMainLooper()).idleFor(CLEARED_S, TimeUnit.SECONDS)
        assertFalse("it is taken away again", clips.hasPrimaryClip())

        runBlocking { app.core.lock() }
        screen.sees(Say.phoneUnlockLocked)
        screen.type(0, OTHER)
        screen.tap(Say.phoneUnlockUnlock)
        screen.sees(Say.errorWrongPassphrase)
        watch.look("a wrong passphrase")
        screen.type(0, PASSPHRASE)
        screen.recreate()
        screen.sees(Say.phoneUnlockLocked)
        screen.type(0, PASSPHRASE)
        screen.tap(Say.phoneUnlockUnlock)
        screen.sees("Example")
        val canaries = typed + Canary.digits(CODE, code)
        val allowed = "$CODE in ${Watch.CLIPBOARD}, plain"
        assertEquals("what was copied, where it was copied", listOf(allowed), found(canaries, watch.places("the end")))
    }

    @Test
    fun refusalsAndACrashLeaveNothingBehind() = watched { screen, watch ->
        vault(screen, watch)
        screen.get().go(Go.To(Route.Scan))
        screen.tap(Say.phoneScanPicture)
        screen.picked(png("otpauth://totp/Example:mara?secret=${base32(REFUSED)}&issuer=Example&algorithm=ROT13"))
        screen.tap(Say.phoneScanAgain)
        watch.look("a refused picture")
        screen.tap(Say.phoneScanPicture)
        screen.picked(blank() + REFUSED)
        screen.tap(Say.phoneScanAgain)
        clips.setPrimaryClip(ClipData.newPlainText("", "https://localhost:1/enrol#1.${base32(REFUSED)}"))
        screen.tap(Say.phoneScanPaste)
        screen.tap(Say.phoneScanAgain)
        // What somebody else copied is theirs.
        clips.setPrimaryClip(ClipData.newPlainText("", "theirs"))
        watch.look("a refused link")

        screen.tap(Say.phoneScanFormNew)
        screen.sees(Say.phoneSave)
        screen.type(0, "Example")
        screen.type(2, "${base32(SEED)}!")
        screen.tap(Say.phoneSave)
        screen.sees(Say.tuiFormKeyWrong)
        watch.look("a refused key")
        screen.type(2, base32(SEED))
        app.core.destroy()
        screen.tap(Say.phoneSave)
        screen.awaiting("the crash") { watch.crashes.isNotEmpty() }
        assertEquals(emptyList<String>(), found(typed, watch.places("a crash")))
    }

    /** From the first run to a vault that is open. */
    private fun vault(screen: ActivityController<MainActivity>, watch: Watch) {
        screen.tap(Say.phoneUnlockAddAccount)
        screen.sees(Say.phoneUnlockChoosePassphrase)
        screen.type(0, PASSPHRASE)
        screen.type(1, OTHER)
        screen.tap(Say.phoneNextStep)
        watch.look("two passphrases")
        screen.type(1, PASSPHRASE)
        screen.tap(Say.phoneNextStep)
        screen.sees(Say.phoneScanCameraAbsent)
        watch.look("the vault made")
        screen.back()
    }

    private fun account(screen: ActivityController<MainActivity>, watch: Watch) {
        screen.get().go(Go.To(Route.Scan))
        screen.tap(Say.phoneScanFormNew)
        screen.sees(Say.phoneSave)
        screen.type(0, "Example")
        screen.type(1, "mara")
        screen.type(2, base32(SEED))
        watch.look("a key typed")
        screen.tap(Say.phoneSave)
        screen.sees(Say.phoneAccountsTitle)
        screen.sees("Example")
        watch.look("the list")
    }

    private fun watched(journey: (ActivityController<MainActivity>, Watch) -> Unit) =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            Watch(screen).use { journey(screen, it) }
        }
}
