package org.countersign.app

import android.content.ClipData
import android.content.ClipboardManager
import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.os.Parcel
import java.io.ByteArrayInputStream
import java.io.FileNotFoundException
import kotlinx.coroutines.runBlocking
import org.countersign.app.shell.Arrival
import org.countersign.app.shell.arrival
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.Sort
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
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

private const val PASSPHRASE = "four words that stay"
private const val SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
private const val LINK = "otpauth://totp/Example:mara?secret=$SEED&issuer=Example"
private const val LOGIN = "https://gate.example.com/approve#1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
private const val PICTURE = "content://other.app/picture"

/** What other apps bring adds nothing unasked, waits behind the lock, and approves no sign-in. */
@RunWith(RobolectricTestRunner::class)
class ArrivalsTest {
    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking { app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
    }

    private fun opens(link: String) = Intent(Intent.ACTION_VIEW, Uri.parse(link))

    private fun shares(place: String) = Intent(Intent.ACTION_SEND).setType("image/png")
        .putExtra(Intent.EXTRA_STREAM, Uri.parse(place))

    private fun sharesWords(words: String) =
        Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, words)

    private fun begun(intent: Intent, journey: (ActivityController<MainActivity>) -> Unit): Unit =
        Robolectric.buildActivity(MainActivity::class.java, intent).setup().use(journey)

    /** A picture of a code with this text lies where another app says. */
    private fun liesThere(text: String, place: String = PICTURE) =
        shadowOf(app.contentResolver).registerInputStream(Uri.parse(place), ByteArrayInputStream(png(text)))

    private fun accounts(): List<String> {
        val all = AccountQuery("", group = null, tag = null, favourites = false, sort = Sort.MANUAL)
        return app.core.view(all, app.now()).rows.map { it.account.issuer }
    }

    @Test
    fun aLinkIsNamedBeforeItIsAdded() = begun(opens(LINK)) { screen ->
        screen.sees(Say.phoneScanAddTitle)
        assertEquals("nothing is stored by looking", emptyList<String>(), accounts())
        screen.tap(Say.phoneScanAdd)
        screen.sees(Say.phoneAccountsTitle)
        assertEquals(listOf("Example"), accounts())
    }

    @Test
    fun aLinkThatComesWhileThePersonScansIsNamedToo() = begun(Intent(Intent.ACTION_MAIN)) { screen ->
        screen.sees(Say.phoneAccountsEmpty)
        screen.get().go(Go.To(Route.Scan))
        screen.sees(Say.phoneScanPicture)
        screen.newIntent(opens(LINK))
        screen.sees(Say.phoneScanAddTitle)
        screen.newIntent(opens("otpauth-migration://offline?data=AAAA"))
        screen.sees(Say.scanPartDamaged)
    }

    @Test
    fun itWaitsBehindTheLock() {
        runBlocking { app.core.lock() }
        begun(opens(LINK)) { screen ->
            screen.sees(Say.phoneUnlockLocked)
            assertFalse(
                "its name is not told",
                screen.get().all().any {
                    it.contentDescription?.contains("Example") ==
                        true
                },
            )
            screen.type(0, PASSPHRASE)
            screen.tap(Say.phoneUnlockUnlock)
            screen.sees(Say.phoneScanAddTitle)
        }
    }

    @Test
    fun whoGoesBackFromTheLockIsNotShownItLater() {
        runBlocking { app.core.lock() }
        begun(opens(LINK)) { screen ->
            screen.sees(Say.phoneUnlockLocked)
            screen.back()
            screen.type(0, PASSPHRASE)
            screen.tap(Say.phoneUnlockUnlock)
            screen.sees(Say.phoneAccountsEmpty)
            screen.get().go(Go.To(Route.Scan))
            screen.sees(Say.phoneScanPicture)
            assertFalse(screen.get().shows(Say.phoneScanAddTitle))
        }
    }

    @Test
    fun anEnrolmentBegunByALinkIsAskedFor() = begun(opens("countersign://enrol#1.x")) { screen ->
        // What is no whole link is refused in words; a whole one leads to the question that a scan leads to.
        screen.sees(Say.phoneScanAgain)
        assertEquals(0, app.core.gateways().size)
    }

    @Test
    fun aPictureIsReadWhereAnotherAppSharesIt() {
        liesThere(LINK)
        begun(shares(PICTURE)) { screen -> screen.sees(Say.phoneScanAddTitle) }
    }

    @Test
    fun aPictureThatCannotBeReadIsSaid() {
        shadowOf(app.contentResolver).registerInputStreamSupplier(Uri.parse(PICTURE)) {
            throw SecurityException("revoked")
        }
        begun(shares(PICTURE)) { screen -> screen.sees(Say.phoneScanPictureGone) }
        shadowOf(app.contentResolver).registerInputStreamSupplier(Uri.parse(PICTURE)) {
            throw java.io.UncheckedIOException(FileNotFoundException())
        }
        begun(shares(PICTURE)) { screen -> screen.sees(Say.phoneScanPictureGone) }
        val large = ByteArrayInputStream(ByteArray((16 shl 20) + 1))
        shadowOf(app.contentResolver).registerInputStream(Uri.parse(PICTURE), large)
        begun(shares(PICTURE)) { screen -> screen.sees(Say.phoneScanPictureLarge) }
    }

    @Test
    fun thePageOfASignInIsTakenFromTheCameraAlone() {
        liesThere(LOGIN)
        begun(shares(PICTURE)) { it.sees(Say.qrLogin) }
        begun(sharesWords(LOGIN)) { it.sees(Say.qrLogin) }
        begun(opens("countersign://approve#1.AAAA")) { screen ->
            screen.awaiting("a refusal") { screen.get().shows(Say.phoneScanAgain) }
            assertFalse(screen.get().shows(Say.phoneApprovalApprove))
        }
        begun(Intent(Intent.ACTION_MAIN)) { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.get().go(Go.To(Route.Scan))
            screen.tap(Say.phoneScanPicture)
            screen.picked(png(LOGIN))
            screen.sees(Say.qrLogin)
            app.getSystemService(ClipboardManager::class.java).setPrimaryClip(ClipData.newPlainText("", LOGIN))
            screen.tap(Say.phoneScanAgain)
            screen.tap(Say.phoneScanPaste)
            screen.sees(Say.qrLogin)
        }
    }

    @Test
    fun aWindowThatIsMadeAgainDoesNotBringItAgain() = begun(opens(LINK)) { screen ->
        screen.sees(Say.phoneScanAddTitle)
        screen.tap(Say.phoneScanAgain)
        screen.recreate()
        screen.sees(Say.phoneScanPicture)
        assertFalse(screen.get().shows(Say.phoneScanAddTitle))
        val saved = Bundle().also { screen.saveInstanceState(it) }
        val parcel = Parcel.obtain().apply { writeBundle(saved) }
        assertFalse("no seed is kept with the window", SEED in String(parcel.marshall(), Charsets.UTF_16LE))
        parcel.recycle()
    }

    @Test
    fun nothingElseIsTaken() {
        val old = opens(LINK).addFlags(Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY)
        val none = listOf(
            old,
            Intent(Intent.ACTION_VIEW),
            opens("https://example.com/"),
            opens("file:///data/user/0/org.countersign.app/files/shared/x"),
            shares("file:///data/user/0/org.countersign.app/files/shared/x"),
            shares(PICTURE).setType("application/pdf"),
            Intent(Intent.ACTION_SEND).setType("image/png").putExtra(Intent.EXTRA_STREAM, "no place"),
            Intent(Intent.ACTION_SEND).setType("text/plain"),
            Intent("org.countersign.app.OTHER", Uri.parse(LINK)),
        )
        assertEquals(none.map { null }, none.map { it.arrival() })
        assertTrue("letters of a scheme may be large", opens("OTPAUTH://totp/x").arrival() is Arrival.Words)
        val long = sharesWords("a".repeat(9_000_000)).arrival() as Arrival.Words
        assertTrue("what is long is cut before it is read: ${long.bytes.size}", long.bytes.size <= 32 shl 10)
    }
}
