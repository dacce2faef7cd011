package org.countersign.app

import android.graphics.Insets
import android.graphics.Rect
import android.os.Build
import android.view.View
import android.view.ViewGroup
import android.view.WindowInsets
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowLooper

private const val STATUS = 60
private const val NAVIGATION = 100
private const val KEYBOARD = 300

/** The window reaches under the bars, and nothing that is read or tapped does. */
@RunWith(RobolectricTestRunner::class)
class BarsTest {
    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking { app.core.createVault("four words".toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
    }

    @Test
    fun noPageLiesUnderABarWhicheverCameLater() {
        // Before Android 11 insets are made by the system alone.
        assumeTrue(Build.VERSION.SDK_INT >= Build.VERSION_CODES.R)
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.bars(keyboard = 0)
            val routes = listOf(
                Route.Accounts, Route.Scan, Route.Manual, Route.Import, Route.Export, Route.Enrol, Route.History,
                Route.Gateways, Route.Damage,
                Route.Ledger, Route.Batches, Route.Bells, Route.Help, Route.About, Route.Settings(null),
            ) + SettingsTab.entries.map { Route.Settings(it) }
            for (route in routes) {
                screen.get().go(Go.To(route))
                ShadowLooper.idleMainLooper()
                screen.isSafe("$route", NAVIGATION)
            }
            screen.get().go(Go.To(Route.Manual))
            screen.sees(Say.phoneSave)
            screen.bars(KEYBOARD)
            screen.isSafe("over the keyboard", KEYBOARD)
        }
    }

    private fun ActivityController<MainActivity>.bars(keyboard: Int) {
        val insets = WindowInsets.Builder()
            .setInsets(WindowInsets.Type.statusBars(), Insets.of(0, STATUS, 0, 0))
            .setInsets(WindowInsets.Type.navigationBars(), Insets.of(0, 0, 0, NAVIGATION))
            .setInsets(WindowInsets.Type.ime(), Insets.of(0, 0, 0, keyboard))
            .build()
        get().window.decorView.dispatchApplyWindowInsets(insets)
        ShadowLooper.idleMainLooper()
    }

    private fun ActivityController<MainActivity>.isSafe(what: String, below: Int) {
        val window = get().window.decorView
        window.measure(exactly(window.width), exactly(window.height))
        window.layout(0, 0, window.width, window.height)
        // A card that tells of a sign-in stands before it, and is not there.
        val stage = get().findViewById<ViewGroup>(android.R.id.content).getChildAt(0) as ViewGroup
        val page = (stage.getChildAt(1) as ViewGroup).getChildAt(0)
        val place = Rect().also { page.getDrawingRect(it) }
        (window as ViewGroup).offsetDescendantRectToMyCoords(page, place)
        assertEquals("$what, its top", STATUS, place.top)
        assertEquals("$what, its foot", window.height - below, place.bottom)
        assertTrue("$what, padded twice", page.paddingTop < STATUS && page.paddingBottom < NAVIGATION)
    }

    private fun exactly(size: Int) = View.MeasureSpec.makeMeasureSpec(size, View.MeasureSpec.EXACTLY)
}
