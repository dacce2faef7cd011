package org.countersign.app

import android.os.Looper
import android.view.View
import kotlinx.coroutines.runBlocking
import org.countersign.app.look.say
import org.countersign.app.port.FakeCamera
import org.countersign.app.port.drawsTheCamera
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
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
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.BeforeClass
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

/** The camera sees pages of a real gateway. */
@RunWith(RobolectricTestRunner::class)
class GatewayScanJourneyTest {
    private lateinit var camera: FakeCamera

    @Before
    fun begin() {
        FakeKeyStore.install()
        camera = FakeCamera.install()
        runBlocking { app.core.createVault("four words".toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
    }

    @Test
    fun thePageIsScannedInPlaceOfTheDigits() = enrolled("mara") { screen ->
        val window = screen.isAsked(gateway, "mara")
        screen.looksInstead()
        camera.sees(modules("WIFI:S:guest;;"))
        screen.sees(Say.phoneApprovalOtherCode)
        camera.sees(window.qr())
        screen.prompted()
        screen.sees(Say.errorApproved)
        assertFalse("the camera is not needed any more", camera.isOpen)
        window.arrives()
    }

    @Test
    fun aPageThatIsScannedFirstShowsWhoAsks() = enrolled("nina") { screen ->
        val window = gateway.signIn("nina", "/demo")
        screen.looks()
        camera.sees(window.qr())
        screen.sees(Say.phoneApprovalSeen)
        screen.tap(Say.phoneApprovalApprove)
        screen.prompted()
        screen.sees(Say.errorApproved)
        window.arrives()
    }

    @Test
    fun thePageOfAnotherSignInApprovesNothing() = enrolled("olga") { screen ->
        val other = screen.isAsked(gateway, "olga")
        screen.approves(other.digits)
        screen.sees(Say.errorApproved)
        screen.tap(Say.phoneDone)
        screen.isAsked(gateway, "olga")
        screen.looksInstead()
        camera.sees(other.qr())
        screen.sees(Say.phoneApprovalOtherPage)
        screen.sees(Say.phoneApprovalTypeDigits)
    }

    @Test
    fun theCameraClosesWithItsPageAndInTheBackground() = enrolled("pia") { screen ->
        screen.isAsked(gateway, "pia")
        screen.looksInstead()
        assertTrue(camera.isOpen)
        screen.pause().stop()
        assertFalse("nobody looks", camera.isOpen)
        screen.start().resume()
        assertTrue(camera.isOpen)
        camera.goes()
        screen.sees(Say.phoneScanCameraTaken)
        screen.tap(Say.phoneRetry)
        assertTrue(camera.isOpen)
        screen.tap(Say.phoneApprovalTypeInstead)
        screen.sees(Say.phoneApprovalTypeDigits)
        shadowOf(Looper.getMainLooper()).idle()
        assertFalse("the digits need no camera", camera.isOpen)
    }

    @Test
    fun lightAndNearnessAreButtons() = enrolled("rosa") { screen ->
        screen.looks()
        screen.named(Say.phoneScanTorchOn).performClick()
        screen.named(Say.phoneScanZoomIn).performClick()
        awaitNamed(screen, Say.phoneScanTorchOff)
        screen.named(Say.phoneScanZoomOut).performClick()
        assertEquals(listOf("light true", "zoom 2.0", "zoom 1.0"), camera.done)
    }

    private fun ActivityController<MainActivity>.looksInstead() {
        tap(Say.phoneApprovalScanInstead)
        sees(Say.phoneApprovalScanPage)
        drawsTheCamera()
    }

    private fun ActivityController<MainActivity>.looks() {
        get().go(Go.To(Route.Scan))
        sees(Say.phoneScanPoint)
        drawsTheCamera()
        awaitNamed(this, Say.phoneScanTorchOn)
    }

    private fun awaitNamed(screen: ActivityController<MainActivity>, words: Text) =
        screen.awaiting("an icon for $words") { screen.get().all().any { it.isNamed(screen.get().say(words)) } }

    private fun ActivityController<MainActivity>.named(words: Text): View =
        get().all().first { it.isNamed(get().say(words)) }

    private fun View.isNamed(words: String) = isShown && contentDescription?.toString() == words

    private fun Window.arrives() {
        until("/login/wait") { "data-finish" in page }
        submit("/login/finish")
        assertEquals("/demo", path)
    }

    private fun enrolled(name: String, journey: (ActivityController<MainActivity>) -> Unit) =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.enrols(gateway, name)
            journey(screen)
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
