package org.countersign.app

import kotlinx.coroutines.runBlocking
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.ClockPort
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.GatewayState
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.RealGateway
import org.countersign.testkit.Window
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowBiometricPrompt

private const val PASSPHRASE = "four words"
private const val AN_HOUR = 3_600uL

/** Of an enrolment: for approvals, for all else, and what seals the key of answer codes. */
private const val KEYS = 3

/** A clock that stands. */
private class At(private val now: ULong) : ClockPort {
    override fun now() = now
}

/** The app dies at each step that must survive it (design: what is where on the phone), at a real gateway. */
@RunWith(RobolectricTestRunner::class)
class GatewayDeathJourneyTest {
    private val gateway = RealGateway()

    @After
    fun end() = gateway.close()

    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking { app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
    }

    @Test
    fun beforeTheYesNothingWasBegun() = opened { screen ->
        val page = gateway.enrolPage("mara")
        screen.showsItsPicture(page)
        screen.lives { next ->
            next.sees(Say.phoneScanEnrolNoLink)
            assertEquals(emptyList<String>(), app.core.gateways().map { it.id })
            next.joins(page)
        }
    }

    @Test
    fun atTheFirstPromptWhatWasPreparedLeavesNothing() = opened { screen ->
        val page = gateway.enrolPage("nina")
        val before = FakeKeyStore.entries.keys.toSet()
        screen.showsItsPicture(page)
        screen.tap(Say.phoneScanEnrolYes)
        screen.isPrompted()
        assertTrue("keys are made before they sign", FakeKeyStore.entries.keys.toSet().size > before.size)
        screen.lives { next ->
            next.sees(Say.phoneScanEnrolNoLink)
            next.joins(page)
            // Until its code is over another process of this phone may yet go on with it.
            val later = System.currentTimeMillis().toULong() / 1000u + AN_HOUR
            next.lives(later) {
                it.awaiting("the keys of one enrolment") { FakeKeyStore.entries.size == before.size + KEYS }
            }
        }
    }

    @Test
    fun aRequestThatNoAnswerCameToIsSentAgain() = opened { screen ->
        val page = gateway.enrolPage("olga")
        screen.showsItsPicture(page)
        screen.sees(Say.phoneScanEnrolYes)
        screen.tap(Say.phoneScanEnrolYes)
        screen.isPrompted()
        gateway.stop()
        ShadowBiometricPrompt.authenticateCurrentSessionSuccessfully()
        screen.awaiting("a request on disk") { app.core.gateways().any { it.state is GatewayState.Asking } }
        screen.lives { next ->
            next.sees(Say.phoneScanEnrolUnderWay(plain("localhost:${page.port}")))
            gateway.start()
            // The answer code's key is sealed when the answer has come.
            next.prompted()
            next.sees(Say.phoneScanEnrolWaits)
            page.confirms(next.digits())
            next.awaiting("its end") { app.core.gateways().any { it.state is GatewayState.Active } }
        }
    }

    @Test
    fun theDigitsOfAnEnrolmentComeBack() = opened { screen ->
        val page = gateway.enrolPage("pia")
        val digits = screen.scansEnrolment(page)
        screen.lives { next ->
            next.sees(Say.phoneScanEnrolWaits)
            assertEquals(digits, next.digits())
            page.confirms(digits)
            next.tap(Say.phoneScanImportDone)
        }
    }

    @Test
    fun aPromptThatNobodyAnsweredLeavesTheCard() = opened { screen ->
        screen.enrols(gateway, "rosa")
        val window = screen.isAsked(gateway, "rosa")
        screen.type(0, window.digits)
        screen.tap(Say.phoneApprovalApprove)
        screen.isPrompted()
        screen.lives { next ->
            next.sees(Say.phoneApprovalTypeDigits)
            next.approves(window.digits)
            next.sees(Say.errorApproved)
            window.arrives()
        }
    }

    @Test
    fun anAnswerThatWasNotSentIsSentByTheNextProcess() = opened { screen ->
        screen.enrols(gateway, "sara")
        val window = screen.isAsked(gateway, "sara")
        val digits = window.digits
        screen.type(0, digits)
        screen.tap(Say.phoneApprovalApprove)
        screen.isPrompted()
        gateway.stop()
        ShadowBiometricPrompt.authenticateCurrentSessionSuccessfully()
        screen.sees(Say.phoneApprovalKept)
        screen.lives { next ->
            next.sees(Say.phoneApprovalKept)
            gateway.start()
            next.sees(Say.errorApproved)
            window.arrives()
        }
    }

    /** The app dies, and comes back. */
    private fun ActivityController<MainActivity>.lives(
        at: ULong? = null,
        journey: (ActivityController<MainActivity>) -> Unit,
    ) {
        val next = diesAndComesBack(at?.let(::At))
        try {
            journey(next)
        } finally {
            next.close()
        }
    }

    private fun ActivityController<MainActivity>.showsItsPicture(page: Window) {
        get().go(Go.To(Route.Scan))
        tap(Say.phoneScanPicture)
        picked(png(page.qr()))
        sees(Say.phoneScanEnrolAsk(plain("localhost:${page.port}")))
    }

    /** What was begun and undone can be begun again with the same code. */
    private fun ActivityController<MainActivity>.joins(page: Window) {
        tap(Say.phoneScanAgain)
        sees(Say.phoneUnlockLocked)
        type(0, PASSPHRASE)
        tap(Say.phoneUnlockUnlock)
        sees(Say.phoneScanPicture)
        page.confirms(scansEnrolment(page))
        tap(Say.phoneScanImportDone)
    }

    private fun ActivityController<MainActivity>.isPrompted() =
        awaiting("the prompt") { ShadowBiometricPrompt.getCurrentPrompt() != null }

    private fun Window.arrives() {
        until("/login/wait") { "data-finish" in page }
        submit("/login/finish")
        assertEquals("/demo", path)
    }

    private fun opened(journey: (ActivityController<MainActivity>) -> Unit) =
        Robolectric.buildActivity(MainActivity::class.java).setup().run {
            sees(Say.phoneAccountsEmpty)
            journey(this)
        }
}
