package org.countersign.app.bell

import android.app.Notification
import android.app.NotificationManager
import android.os.Build
import kotlinx.coroutines.runBlocking
import org.countersign.app.MainActivity
import org.countersign.app.approves
import org.countersign.app.digits
import org.countersign.app.enrols
import org.countersign.app.look.say
import org.countersign.app.sees
import org.countersign.app.tap
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.LockState
import org.countersign.logic.bell.Stands
import org.countersign.logic.bell.UnifiedPush
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.countersign.testkit.Distributor
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.RealGateway
import org.countersign.testkit.Window
import org.countersign.testkit.await
import org.junit.AfterClass
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.BeforeClass
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

/** A real gateway rings at a distributor, and what it sends comes to a phone whose vault is locked and whose app nobody looks at. */
@RunWith(RobolectricTestRunner::class)
class GatewayBellJourneyTest {
    private val manager = app.getSystemService(NotificationManager::class.java)

    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking { app.core.createVault("four words".toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
        install(NTFY, "ntfy")
    }

    @Test
    fun itsNoReachesTheGatewayAndTheVaultStaysLocked() = away("mara") { _, window ->
        val note = notes().single()
        assertEquals(app.say(Say.phoneBellAsks(plain("Sample application"))), title(note))
        assertTrue("the digits are the page's alone", window.digits !in words(note))
        val no = shadowOf(note.actions.single().actionIntent)
        assertTrue("before Android 12 it opens the page", Build.VERSION.SDK_INT >= Build.VERSION_CODES.S)
        DenyReceiver().onReceive(app, no.savedIntent)
        window.until("/login/wait") { "You said no on your phone" in page }
        await("nothing is left of it") { notes().isEmpty() }
    }

    @Test
    fun itsTapLeadsToTheDigitsWithoutTheVault() = away("nina") { screen, window ->
        screen.start().resume().newIntent(shadowOf(notes().single().contentIntent).savedIntent)
        screen.sees(Say.phoneApprovalTypeDigits)
        screen.approves(window.digits)
        screen.sees(Say.errorApproved)
        screen.tap(Say.phoneDone)
        screen.sees(Say.phoneUnlockLocked)
    }

    /** Enrolled and subscribed, then nobody looks and the vault is locked, and a bell rang for a sign-in. */
    private fun away(name: String, journey: (ActivityController<MainActivity>, Window) -> Unit): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.enrols(gateway, name)
            val token = subscribed()
            screen.pause().stop()
            runBlocking { app.core.lock() }
            val window = gateway.signIn(name, "/demo")
            val body = distributor.rings()
            assertTrue("sealed for this phone", name !in String(body, Charsets.ISO_8859_1))
            say(UnifiedPush.MESSAGE, token) { putExtra(UnifiedPush.BYTES, body).putExtra(UnifiedPush.ID, "m1") }
            await("the notification") { notes().size == 1 }
            journey(screen, window)
            assertEquals(LockState.LOCKED, app.core.lockState())
        }

    private fun subscribed(): String {
        val kept = { app.bells.facts().subscriptions }
        await("the registration") {
            sent(UnifiedPush.REGISTER).any { asked ->
                kept().any { it.token == asked.getStringExtra(UnifiedPush.TOKEN) }
            }
        }
        val token = kept().single().token
        say(UnifiedPush.NEW_ENDPOINT, token) { putExtra(UnifiedPush.ENDPOINT, distributor.endpoint) }
        await("the endpoint") { kept().map { it.stands } == listOf(Stands.SET) }
        return token
    }

    private fun notes() = manager.activeNotifications.map { it.notification }

    private fun title(note: Notification) = note.extras.getCharSequence(Notification.EXTRA_TITLE)?.toString()

    @Suppress("DEPRECATION")
    private fun words(note: Notification) = note.extras.keySet().joinToString { "${note.extras.get(it)}" }

    companion object {
        private lateinit var distributor: Distributor
        private lateinit var gateway: RealGateway

        @BeforeClass
        @JvmStatic
        fun serve() {
            distributor = Distributor()
            gateway = RealGateway("--outgoing-allow", "127.0.0.1", "--outgoing-roots", distributor.roots)
        }

        @AfterClass
        @JvmStatic
        fun end() {
            gateway.close()
            distributor.close()
        }
    }
}
