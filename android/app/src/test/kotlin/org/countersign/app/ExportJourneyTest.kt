package org.countersign.app

import android.graphics.Bitmap
import android.graphics.Canvas
import android.view.View
import android.widget.TextView
import java.io.ByteArrayOutputStream
import kotlinx.coroutines.runBlocking
import org.countersign.app.look.say
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.Scanned
import org.countersign.bindings.Transfer
import org.countersign.bindings.TransferState
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.testkit.FakeKeyStore
import org.junit.Assert.assertEquals
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController

private const val PASSPHRASE = "four words that stay"
private const val SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

/** Accounts leave by codes that another phone scans, with the real core. */
@RunWith(RobolectricTestRunner::class)
class ExportJourneyTest {
    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking { app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
    }

    private fun add(link: String) = runBlocking {
        val found = app.core.scanText(link.toByteArray()) as Scanned.Account
        app.core.addAccount(found.account)
    }

    @Test
    fun theCodeOnTheScreenHoldsTheAccounts() {
        add("otpauth://totp/Example:mara?secret=$SEED&issuer=Example")
        add("otpauth://totp/Slow:mara?secret=$SEED&issuer=Slow&period=60")
        exporting { screen ->
            screen.sees(Say.phoneExportShow)
            screen.type(0, "not the passphrase")
            screen.tap(Say.phoneExportShow)
            screen.sees(Say.errorWrongPassphrase)
            screen.type(0, PASSPHRASE)
            screen.tap(Say.phoneExportShow)
            val part = Say.phoneExportPart(count(1), count(1))
            screen.sees(part)
            screen.sees("Slow")
            val code = screen.get().all().first { it.contentDescription?.toString() == screen.get().say(part) }
            val found = runBlocking { app.core.scanPicture(picture(code)) }.single() as Scanned.Part
            val transfer = Transfer().apply { add(found.part) }
            val row = runBlocking { app.core.transferRows(transfer) }.single()
            assertEquals("Example", row.issuer)
            assertEquals("it is the very account", TransferState.There::class, row.state::class)
            screen.tap(Say.phoneDone)
            screen.sees(Say.phoneSettingsBackup)
        }
    }

    @Test
    fun withoutAnAccountItSaysSo() = exporting { screen ->
        screen.sees(Say.phoneExportNothing)
        screen.tap(Say.phoneDone)
        screen.sees(Say.phoneSettingsBackup)
    }

    private fun exporting(journey: (ActivityController<MainActivity>) -> Unit): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            screen.awaiting("the app") { screen.get().hasDrawn }
            screen.get().go(Go.To(Route.Settings(SettingsTab.BACKUP)))
            val row = screen.get().say(Say.phoneExportTitle)
            val entry = { screen.get().all().find { it is TextView && it.isClickable && it.text.startsWith(row) } }
            screen.awaiting(row) { entry() != null }
            entry()?.performClick()
            journey(screen)
        }

    private fun picture(view: View): ByteArray {
        val drawn = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        view.draw(Canvas(drawn))
        return ByteArrayOutputStream().also { drawn.compress(Bitmap.CompressFormat.PNG, 100, it) }.toByteArray()
    }
}
