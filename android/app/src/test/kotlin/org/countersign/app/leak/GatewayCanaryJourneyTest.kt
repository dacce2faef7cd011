package org.countersign.app.leak

import android.widget.TextView
import kotlinx.coroutines.runBlocking
import org.countersign.app.MainActivity
import org.countersign.app.all
import org.countersign.app.app
import org.countersign.app.approves
import org.countersign.app.awaiting
import org.countersign.app.code
import org.countersign.app.confirms
import org.countersign.app.digits
import org.countersign.app.enrolPage
import org.countersign.app.isAsked
import org.countersign.app.look.say
import org.countersign.app.port.FakeCamera
import org.countersign.app.port.drawsTheCamera
import org.countersign.app.prompted
import org.countersign.app.scansEnrolment
import org.countersign.app.sees
import org.countersign.app.tap
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.logic.fault.wrongDigits
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.RealGateway
import org.countersign.testkit.Window
import org.junit.AfterClass
import org.junit.Assert.assertEquals
import org.junit.Before
import org.junit.BeforeClass
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController

private const val ANSWER = 8
private const val PASSPHRASE = "a canary sings at seven"

/** What passes between a person, the phone and a real gateway stands nowhere else on the phone. */
@RunWith(RobolectricTestRunner::class)
class GatewayCanaryJourneyTest {
    private lateinit var camera: FakeCamera

    @Before
    fun begin() {
        FakeKeyStore.install()
        camera = FakeCamera.install()
        runBlocking { app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
    }

    @Test
    fun enrolmentAndAnswersLeaveNothingBehind() =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            Watch(screen).use { watch ->
                screen.sees(Say.phoneAccountsEmpty)
                val canaries = enrolled(screen, watch) + approved(screen, watch) + answered(screen, watch)
                assertEquals(emptyList<String>(), found(canaries, watch.places("the end")))
            }
        }

    private fun enrolled(screen: ActivityController<MainActivity>, watch: Watch): List<Canary> {
        val page = gateway.enrolPage("mara")
        val link = page.link
        val digits = screen.scansEnrolment(page)
        watch.look("the digits of an enrolment")
        page.confirms(digits)
        screen.tap(Say.phoneScanImportDone)
        screen.sees(Say.phoneAccountsTitle)
        watch.look("enrolled")
        val code = Canary.digits("the code", screen.code("mara"))
        return listOf(Canary.text("the link", link.substringAfter('#')), Canary.digits("its digits", digits), code)
    }

    private fun approved(screen: ActivityController<MainActivity>, watch: Watch): List<Canary> {
        val window = screen.isAsked(gateway, "mara")
        val wrong = if (window.digits == "482913") "482914" else "482913"
        screen.approves(wrong)
        screen.sees(wrongDigits(2u))
        watch.look("wrong digits")
        screen.approves(window.digits)
        watch.look("digits typed")
        screen.sees(Say.errorApproved)
        watch.look("approved")
        screen.tap(Say.phoneDone)
        return listOf(Canary.digits("digits typed", window.digits), Canary.digits("wrong digits", wrong))
    }

    /** An answer code, for a phone without a network. */
    private fun answered(screen: ActivityController<MainActivity>, watch: Watch): List<Canary> {
        val window = screen.isAsked(gateway, "mara")
        val typed = Canary.digits("digits shown", window.digits)
        window.goto("/login/offline")
        window.submit("/login/offline")
        screen.get().go(Go.To(Route.Scan))
        screen.sees(Say.phoneScanPoint)
        screen.drawsTheCamera()
        val torch = screen.get().say(Say.phoneScanTorchOn)
        screen.awaiting("the light") { screen.get().all().any { it.isShown && it.contentDescription == torch } }
        camera.sees(window.qr())
        screen.tap(Say.phoneScanAnswerShow)
        screen.prompted()
        screen.awaiting("the answer code") { screen.answer() != null }
        watch.look("the answer code")
        val offline = Canary.text("the page's link", window.link.substringAfter('#'))
        return listOf(typed, offline, Canary.digits("the answer code", screen.answer()!!))
    }

    private fun ActivityController<MainActivity>.answer(): String? = get().all().filterIsInstance<TextView>()
        .map { it.text.filter(Char::isDigit).toString() to it }
        .firstOrNull { (digits, view) ->
            digits.length == ANSWER && view.isShown && view.text.startsWith("\u2066")
        }?.first

    private val Window.link get() = checkNotNull(words("id=\"link\"")) { "no link: $page" }

    companion object {
        private lateinit var gateway: RealGateway

        @BeforeClass
        @JvmStatic
        fun serve() {
            gateway = RealGateway("--policy-offline", "true")
        }

        @AfterClass
        @JvmStatic
        fun end() = gateway.close()
    }
}
