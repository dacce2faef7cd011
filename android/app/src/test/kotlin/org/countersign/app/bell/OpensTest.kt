package org.countersign.app.bell

import android.Manifest
import android.app.Application
import android.os.Build
import org.countersign.app.MainActivity
import org.countersign.app.look.say
import org.countersign.app.sees
import org.countersign.app.shows
import org.countersign.logic.Wish
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.await
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf

/** What a notification opens, and how the person is asked whether there may be any. */
@RunWith(RobolectricTestRunner::class)
class OpensTest {
    @Before
    fun begin() = FakeKeyStore.install()

    @Test
    fun aNotificationOpensItsSignInBeforeAnyVault(): Unit =
        Robolectric.buildActivity(MainActivity::class.java, showing(app, "gone")).setup().use { screen ->
            screen.sees(Say.errorEndedClosed)
            assertFalse("no vault is asked for", screen.get().shows(Say.phoneUnlockAddAccount))
        }

    @Test
    fun oneThatIsTappedWhileTheAppIsThereIsShownToo(): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            await("the window") { screen.get().hasDrawn }
            assertFalse(screen.get().shows(app.say(Say.errorEndedClosed)))
            screen.newIntent(showing(app, "gone"))
            screen.sees(Say.errorEndedClosed)
        }

    @Test
    fun thePhoneAsksWhereItAsksAtAll(): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            screen.get().wish(Wish.AskToNotify)
            val asks = Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU
            val asked = shadowOf(screen.get()).lastRequestedPermission?.requestedPermissions?.toList()
            assertEquals(listOf(Manifest.permission.POST_NOTIFICATIONS).takeIf { asks }, asked)
            assertEquals(asks, BellStore(app as Application).wasAsked)
        }
}
