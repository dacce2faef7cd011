package org.countersign.app

import android.view.View
import android.view.inputmethod.InputMethodManager
import android.widget.TextView
import kotlinx.coroutines.runBlocking
import org.countersign.app.look.say
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.LockState
import org.countersign.logic.fault.wrongDigits
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.RealGateway
import org.countersign.testkit.Window
import org.junit.AfterClass
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Before
import org.junit.BeforeClass
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config

private const val PASSPHRASE = "four words that stay"

/** The app at a real gateway, as its person and the person at the page drive it. */
@RunWith(RobolectricTestRunner::class)
class GatewayJourneyTest {
    @Before
    fun begin() = FakeKeyStore.install()

    @Test
    fun fromTheFirstRunToAReport() = Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
        screen.tap(Say.phoneUnlockAddAccount)
        screen.sees(Say.phoneUnlockChoosePassphrase)
        screen.type(0, PASSPHRASE)
        screen.type(1, PASSPHRASE)
        screen.tap(Say.phoneNextStep)
        screen.sees(Say.phoneScanCameraAbsent)
        screen.enrols(gateway, "mara")

        // The codes of the enrolment open the same door.
        val typed = gateway.signIn("mara", "/demo")
        screen.sees(Say.phoneUnlockOneWaits)
        typed.submit("/login/code", "code" to screen.code("mara"))
        typed.arrives()
        screen.awaiting("nothing to wait") { !screen.get().shows(Say.phoneUnlockOneWaits) }

        val approved = screen.isAsked(gateway, "mara")
        screen.approves(approved.digits)
        screen.sees(Say.errorApproved)
        approved.until("/login/wait") { "data-finish" in page }
        approved.submit("/login/finish")
        approved.arrives()
        screen.tap(Say.phoneDone)
        screen.sees(Say.phoneAccountsTitle)
        assertFalse("what is decided waits for nobody", screen.get().shows(Say.phoneUnlockOneWaits))

        screen.isAsked(gateway, "mara")
        screen.tap(Say.phoneApprovalNotMe)
        screen.tapOn(Say.phoneApprovalJustCancel)
        screen.sees(Say.errorDenied)
        screen.tap(Say.phoneDone)

        // Whoever was refused there tries another door.
        screen.isAsked(gateway, "mara", "/manageotp")
        screen.tap(Say.phoneApprovalNotMe)
        screen.tapOn(Say.phoneApprovalSomeone)
        screen.sees(Say.errorReported)
        screen.tap(Say.phoneDone)
        screen.remembers(Say.phonePastApproved)
        screen.remembers(Say.phonePastDenied)
        screen.remembers(Say.phonePastReported)
    }

    @Test
    fun whatWasApprovedCanBeReportedAfterwards() = enrolled("vera") { screen ->
        val window = screen.isAsked(gateway, "vera")
        screen.approves(window.digits)
        screen.sees(Say.errorApproved)
        screen.tap(Say.phoneDone)
        screen.remembers(Say.phonePastApproved)
        screen.tapOnLine(Say.phonePastApproved)
        screen.tap(Say.phonePastNotMe)
        screen.sees(Say.phoneDone)
        screen.tap(Say.phonePastNotMe)
        screen.tapOn(Say.phoneApprovalSomeone)
        screen.sees(Say.errorReported)
    }

    @Test
    @Config(qualifiers = "w411dp-h891dp")
    fun whoIsInTheMiddleOfSomethingIsToldAndGoesOnAfterwards() = enrolled("tess") { screen ->
        screen.get().go(Go.To(Route.Manual))
        screen.sees(Say.phoneSave)
        screen.type(0, "Half an account")
        val window = screen.isAsked(gateway, "tess")
        screen.windowFocusChanged(true)
        val keyboard = app.getSystemService(InputMethodManager::class.java)
        screen.awaiting("the keyboard") { shadowOf(keyboard).isSoftInputVisible }
        screen.approves(window.digits)
        screen.sees(Say.errorApproved)
        screen.tap(Say.phoneDone)
        screen.sees("Half an account")
        assertFalse("nothing waits any more", screen.get().shows(Say.phoneUnlockOneWaits))
    }

    @Test
    fun oneSignInAfterAnotherKeepsWhatWasTyped() = enrolled("tove") { screen ->
        screen.get().go(Go.To(Route.Manual))
        screen.sees(Say.phoneSave)
        screen.type(0, "Half an account")
        screen.isAsked(gateway, "tove")
        screen.tap(Say.phoneApprovalNotMe)
        screen.sees(Say.phoneApprovalJustCancel)
        screen.get().go(Go.To(Route.Approval("another")))
        screen.awaiting("the other one") { !screen.get().shows(Say.phoneApprovalJustCancel) }
        repeat(2) { screen.get().go(Go.Back) }
        screen.sees("Half an account")
    }

    @Test
    fun aDenialIsToldAndKept() = enrolled("rosa") { screen ->
        screen.isAsked(gateway, "rosa")
        screen.tap(Say.phoneApprovalNotMe)
        screen.tapOn(Say.phoneApprovalJustCancel)
        screen.sees(Say.errorDenied)
        screen.tap(Say.phoneDone)
        screen.remembers(Say.phonePastDenied)
    }

    @Test
    fun aReportIsToldAndKept() = enrolled("sara") { screen ->
        screen.isAsked(gateway, "sara")
        screen.tap(Say.phoneApprovalNotMe)
        screen.tapOn(Say.phoneApprovalSomeone)
        screen.sees(Say.errorReported)
        screen.tap(Say.phoneDone)
        screen.remembers(Say.phonePastReported)
    }

    @Test
    fun wrongDigitsAreCountedUpToTheLimit() = enrolled("nina") { screen ->
        val window = screen.isAsked(gateway, "nina")
        val wrong = if (window.digits == "000000") "000001" else "000000"
        for (left in listOf(2, 1)) {
            screen.approves(wrong)
            screen.sees(wrongDigits(left.toUByte()))
        }
        screen.approves(wrong)
        screen.sees(Say.errorFailedDigits)
        screen.tap(Say.phoneDone)
        screen.sees(Say.phoneAccountsTitle)
    }

    @Test
    fun aLockedVaultDoesNotKeepASignInFromItsAnswer() = enrolled("olaf") { screen ->
        runBlocking { app.core.lock() }
        screen.sees(Say.phoneUnlockLocked)
        val window = screen.isAsked(gateway, "olaf")
        screen.approves(window.digits)
        screen.sees(Say.errorApproved)
        screen.tap(Say.phoneDone)
        screen.sees(Say.phoneUnlockLocked)
        assertEquals(LockState.LOCKED, app.core.lockState())
    }

    @Test
    fun withoutAScreenLockEnrollingSaysWhatIsWanted() = opened { screen ->
        FakeKeyStore.hasScreenLock = false
        val page = gateway.enrolPage("jana")
        screen.get().go(Go.To(Route.Scan))
        screen.tap(Say.phoneScanPicture)
        screen.picked(png(page.qr()))
        screen.tap(Say.phoneScanEnrolYes)
        screen.sees(Say.phoneScanEnrolNoLock)
        FakeKeyStore.hasScreenLock = true
        page.confirms(screen.scansEnrolment(page))
        screen.tap(Say.phoneScanImportDone)
    }

    @Test
    fun keysThatThePhoneGaveUpAreSaidWithTheWayOut() = enrolled("ilse") { screen ->
        val window = screen.isAsked(gateway, "ilse")
        FakeKeyStore.giveUp()
        screen.type(0, window.digits)
        screen.tap(Say.phoneApprovalApprove)
        screen.sees(Say.errorKeyGone)
        screen.get().go(Go.To(Route.Gateway(app.core.gateways().single().id)))
        screen.sees(Say.errorKeyGone)
        screen.tap(Say.phoneActEnrolAgain)
        screen.sees(Say.phoneScanPicture)
    }

    @Test
    fun aPhoneThatAnAdministratorRemovedSaysSo() = enrolled("pia") { screen ->
        gateway.removeDevices("pia")
        screen.get().go(Go.To(Route.Gateways))
        screen.sees(Say.phoneGatewayTitle)
        val id = app.core.gateways().single().id
        screen.get().go(Go.To(Route.Gateway(id)))
        screen.sees(Say.errorGoneAdmin)
    }

    /** The history has a line that begins so. */
    private fun ActivityController<MainActivity>.remembers(end: Text) {
        get().go(Go.To(Route.History))
        awaiting("a line of ${get().say(end)}") { get().all().any { it.isLineOf(get().say(end)) } }
    }

    private fun View.isLineOf(end: String) = this is TextView && isShown && text.startsWith("$end · ")

    private fun ActivityController<MainActivity>.tapOnLine(end: Text) {
        var view = get().all().first { it.isLineOf(get().say(end)) }
        while (!view.isClickable) view = view.parent as View
        view.performClick()
    }

    private fun Window.arrives() = assertEquals("/demo", path)

    private fun enrolled(name: String, journey: (ActivityController<MainActivity>) -> Unit) = opened { screen ->
        screen.enrols(gateway, name)
        journey(screen)
    }

    private fun opened(journey: (ActivityController<MainActivity>) -> Unit) {
        runBlocking { app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            journey(screen)
        }
    }

    companion object {
        private lateinit var gateway: RealGateway

        @BeforeClass
        @JvmStatic
        fun serve() {
            gateway = RealGateway()
        }

        @AfterClass
        @JvmStatic
        fun end() = gateway.close()
    }
}
