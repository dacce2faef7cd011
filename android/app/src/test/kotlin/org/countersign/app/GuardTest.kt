package org.countersign.app

import android.content.Intent
import android.content.res.Configuration
import android.os.Looper
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AutoLock
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.ClockPort
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.LockState
import org.countersign.logic.Look
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.await
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

private const val NOW = 1_700_000_000UL
private val CALM = AutoLock(afterS = null, onLeave = false, onScreenOff = false)

/** What keeps others from the codes: the window, leaving, the screen, and time. */
@RunWith(RobolectricTestRunner::class)
class GuardTest {
    private val app get() = RuntimeEnvironment.getApplication() as CountersignApp
    private val clock = SetClock(NOW)

    @Before
    fun begin() {
        FakeKeyStore.install()
        app.clock = clock
    }

    @Test
    fun theSwitchSetsAndClearsTheFlagOfTheWindow() =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            val isHidden = { shadowOf(screen.get().window).getFlag(FLAG_SECURE) }
            assertTrue("from the beginning", isHidden())
            app.keep.write(app.keep.read().copy(hideFromOthers = false))
            assertFalse(isHidden())
            app.keep.write(app.keep.read().copy(hideFromOthers = true))
            assertTrue(isHidden())
        }

    @Test
    fun aWindowThatIsMadeLaterIsAsThePersonLikes() {
        app.keep.write(app.keep.read().copy(hideFromOthers = false, look = Look.DARK))
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            assertFalse(shadowOf(screen.get().window).getFlag(FLAG_SECURE))
            val night = screen.get().resources.configuration.uiMode and Configuration.UI_MODE_NIGHT_MASK
            assertEquals(Configuration.UI_MODE_NIGHT_YES, night)
        }
    }

    @Test
    fun leavingLocksWhereThatIsTheRule() = locks(CALM.copy(onLeave = true)) { it.pause().stop() }

    @Test
    fun theScreenThatGoesOffLocksWhereThatIsTheRule() =
        locks(CALM.copy(onScreenOff = true)) { app.sendBroadcast(Intent(Intent.ACTION_SCREEN_OFF)) }

    @Test
    fun timeWithoutATouchLocksWhereThatIsTheRule() = locks(CALM.copy(afterS = 60UL)) {
        clock.time += 61UL
        shadowOf(Looper.getMainLooper()).idleFor(2, TimeUnit.SECONDS)
    }

    @Test
    fun aTouchKeepsItOpen() = inside(CALM.copy(afterS = 60UL)) { screen ->
        clock.time += 50UL
        screen.get().onUserInteraction()
        clock.time += 50UL
        shadowOf(Looper.getMainLooper()).idleFor(2, TimeUnit.SECONDS)
        assertEquals(LockState.OPEN, app.core.lockState())
    }

    @Test
    fun whatIsNoRuleLocksNothing() = inside(CALM) { screen ->
        app.sendBroadcast(Intent(Intent.ACTION_SCREEN_OFF))
        screen.pause().stop()
        shadowOf(Looper.getMainLooper()).idle()
        Thread.sleep(SETTLE_MS)
        assertEquals(LockState.OPEN, app.core.lockState())
    }

    private fun locks(rule: AutoLock, act: (ActivityController<MainActivity>) -> Unit) = inside(rule) { screen ->
        act(screen)
        await("the lock") { app.core.lockState() == LockState.LOCKED }
    }

    private fun inside(rule: AutoLock, act: (ActivityController<MainActivity>) -> Unit) {
        runBlocking {
            app.core.createVault("four words that stay".toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle())
            app.core.setAutoLock(rule)
        }
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            await("the list") { screen.get().hasDrawn }
            act(screen)
        }
    }

    private companion object {
        const val SETTLE_MS = 300L
    }
}

private class SetClock(@Volatile var time: ULong) : ClockPort {
    override fun now(): ULong = time
}
