package org.countersign.app

import android.content.Intent
import android.net.Uri
import android.os.Build
import android.view.HapticFeedbackConstants
import org.countersign.app.look.say
import org.countersign.logic.Pulse
import org.countersign.logic.Wish
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowToast

/** What a screen wishes of the platform arrives there. */
@RunWith(RobolectricTestRunner::class)
class WishesTest {
    @Test
    fun eachStepIsFeltAndALostTokenOtherwise() = window { screen ->
        val felt = Pulse.entries.associateWith { pulse ->
            screen.get().wish(Wish.Vibrate(pulse))
            shadowOf(screen.get().window.decorView).lastHapticFeedbackPerformed()
        }
        assertEquals(Pulse.entries.associateWith(::expected), felt)
    }

    @Test
    fun theGatewaysPageIsOpenedInABrowser() = window { screen ->
        screen.get().wish(Wish.OpenPage("gate.example.com"))
        val opened = shadowOf(screen.get()).nextStartedActivity
        assertEquals(Intent.ACTION_VIEW, opened.action)
        assertEquals(Uri.parse("https://gate.example.com/"), opened.data)
    }

    @Test
    fun aPhoneWithoutABrowserSaysWhereThePageIs() = window { screen ->
        shadowOf(RuntimeEnvironment.getApplication()).checkActivities(true)
        screen.get().wish(Wish.OpenPage("gate.example.com"))
        val said = screen.get().say(Say.phoneGatewayNoBrowser(plain("https://gate.example.com/")))
        assertEquals(said, ShadowToast.getTextOfLatestToast())
    }

    private fun expected(pulse: Pulse): Int = when {
        Build.VERSION.SDK_INT < Build.VERSION_CODES.R -> HapticFeedbackConstants.LONG_PRESS
        pulse == Pulse.LOST -> HapticFeedbackConstants.REJECT
        else -> HapticFeedbackConstants.CONFIRM
    }

    private fun window(act: (ActivityController<MainActivity>) -> Unit) =
        Robolectric.buildActivity(MainActivity::class.java).setup().use(act)
}
