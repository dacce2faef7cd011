package org.countersign.app

import android.content.ClipData
import android.content.ClipboardManager
import java.util.Base64
import kotlinx.coroutines.runBlocking
import org.countersign.app.look.say
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.Sort
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.testkit.FakeKeyStore
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

private const val PASSPHRASE = "four words that stay"
private const val SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
private const val LINK = "otpauth://totp/Example:mara?secret=$SEED&issuer=Example"

/** Accounts come in by hand, by pictures and by what was copied, with the real core. */
@RunWith(RobolectricTestRunner::class)
class CodeJourneyTest {
    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking { app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
    }

    @Test
    fun anAccountIsTypedIn() = scanning { screen ->
        screen.sees(Say.phoneScanCameraAbsent)
        screen.tap(Say.phoneScanFormNew)
        screen.sees(Say.phoneScanFormKeyAbout)
        screen.type(0, "Example")
        screen.type(2, "not a key!")
        screen.tap(Say.phoneSave)
        screen.sees(Say.tuiFormKeyWrong)
        screen.type(2, "gezd gnbv gy3t qojq gezd gnbv gy3t qojq")
        screen.tap(Say.phoneSave)
        screen.sees(Say.phoneAccountsTitle)
        screen.sees("Example")
        assertEquals(listOf("Example"), accounts())
    }

    @Test
    fun aKeyThatWasTypedIsNotLostUnasked() = scanning { screen ->
        screen.tap(Say.phoneScanFormNew)
        screen.sees(Say.phoneSave)
        screen.type(2, SEED)
        screen.get().all().first {
            it.contentDescription?.toString() == screen.get().say(Say.phoneBack).toString()
        }.performClick()
        screen.sees(Say.phoneScanFormLeave)
        screen.tap(Say.phoneScanFormLeaveNo)
        screen.tap(Say.phoneScanFormMore)
        screen.sees(Say.phoneScanFormKindTimed)
    }

    @Test
    fun aPictureIsNamedBeforeItIsAdded() = scanning { screen ->
        screen.tap(Say.phoneScanPicture)
        screen.brings(LINK)
        screen.sees(Say.phoneScanAddTitle)
        assertEquals("nothing is stored by looking", emptyList<String>(), accounts())
        screen.tap(Say.phoneScanAdd)
        screen.sees(Say.phoneAccountsTitle)
        screen.sees("Example")
        assertEquals(listOf("Example"), accounts())

        // The same again is there already, and leads to it.
        screen.get().go(Go.To(Route.Scan))
        screen.tap(Say.phoneScanPicture)
        screen.brings(LINK)
        screen.sees(Say.phoneScanThere)
        screen.tap(Say.phoneScanShow)
        screen.sees(Say.phoneAccountsBurn)
        assertEquals(1, accounts().size)
    }

    @Test
    fun whatWasDeletedIsBroughtBackFromTheBin() = scanning { screen ->
        screen.tap(Say.phoneScanPicture)
        screen.brings(LINK)
        screen.tap(Say.phoneScanAdd)
        screen.sees(Say.phoneAccountsTitle)
        screen.sees("Example")
        screen.get().row("Example").performLongClick()
        screen.tap(Say.phoneAccountsDelete)
        screen.sees(Say.phoneCancel)
        screen.tap(Say.phoneAccountsDelete)
        screen.awaiting("an empty list") { accounts().isEmpty() }
        screen.get().go(Go.To(Route.Bin))
        screen.tap(Say.phoneAccountsRestore)
        screen.sees(Say.phoneAccountsBinEmpty)
        assertEquals(listOf("Example"), accounts())
    }

    @Test
    fun aPictureWithoutACodeSaysSo() = scanning { screen ->
        screen.tap(Say.phoneScanPicture)
        screen.picked(blank())
        screen.sees(Say.qrNoneFound)
        screen.tap(Say.phoneScanAgain)
        screen.sees(Say.phoneScanPicture)
    }

    @Test
    fun whatWasCopiedIsReadWhenThePersonAsks() = scanning { screen ->
        app.getSystemService(ClipboardManager::class.java).setPrimaryClip(ClipData.newPlainText("", LINK))
        assertFalse(screen.get().shows(Say.phoneScanAddTitle))
        screen.tap(Say.phoneScanPaste)
        screen.sees(Say.phoneScanAddTitle)
        screen.back()
        assertEquals("looked at and left", emptyList<String>(), accounts())
    }

    @Test
    fun aTransferComesInTwoPartsInAnyOrder() = scanning { screen ->
        screen.tap(Say.phoneScanPicture)
        screen.brings(part(1, "Second", "12345678901234567891"))
        screen.sees(Say.phoneScanImportProgress(count(1), count(2)))
        // Without the other one it goes on after a question alone.
        screen.tap(Say.phoneScanImportAdd)
        screen.tap(Say.phoneCancel)
        assertEquals(emptyList<String>(), accounts())
        screen.tap(Say.phoneScanImportNext)
        screen.tap(Say.phoneScanPicture)
        screen.brings(part(0, "First", "12345678901234567890"))
        screen.sees(Say.phoneScanImportProgress(count(2), count(2)))
        screen.tap(Say.phoneScanImportAdd)
        screen.sees(Say.phoneImportAdded)
        assertEquals(setOf("First", "Second"), accounts().toSet())
        screen.tap(Say.phoneScanImportDone)
        screen.sees("First")
    }

    @Test
    fun aWindowThatDiesWhilePickingGetsWhatWasPicked() = scanning { screen ->
        screen.tap(Say.phoneScanPicture)
        val asked = shadowOf(screen.get()).nextStartedActivityForResult
        screen.recreate()
        screen.picked(png(LINK), asked)
        screen.sees(Say.phoneScanAddTitle)
    }

    private fun scanning(journey: (ActivityController<MainActivity>) -> Unit): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.get().go(Go.To(Route.Scan))
            journey(screen)
        }

    /** The picker brings a picture of a QR code with this text. */
    private fun ActivityController<MainActivity>.brings(text: String) = picked(png(text))

    private fun accounts(): List<String> {
        val all = AccountQuery("", group = null, tag = null, favourites = false, sort = Sort.MANUAL)
        return app.core.view(all, app.now()).rows.map { it.account.issuer }
    }

    /** One of two parts of a transfer, with one account, as Google's app writes it (protobuf). */
    private fun part(index: Int, issuer: String, seed: String): String {
        val account = bytes(1, seed) + bytes(2, "mara") + bytes(3, issuer) + number(4, 1) + number(5, 1) + number(6, 2)
        val all = field(1, account) + number(2, 1) + number(3, 2) + number(4, index) + number(5, 77)
        return "otpauth-migration://offline?data=" +
            java.net.URLEncoder.encode(Base64.getEncoder().encodeToString(all), "UTF-8")
    }

    private fun bytes(number: Int, text: String) = field(number, text.toByteArray())

    private fun field(number: Int, bytes: ByteArray) =
        byteArrayOf((number shl 3 or 2).toByte(), bytes.size.toByte()) + bytes

    private fun number(number: Int, value: Int) = byteArrayOf((number shl 3).toByte(), value.toByte())
}
