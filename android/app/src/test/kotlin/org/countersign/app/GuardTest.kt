package org.countersign.app

import android.content.Intent
import android.content.res.Configuration
import android.os.Looper
import android.view.WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AutoLock
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.ClockPort
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.LockState
import org.countersign.logic.Look
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
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

private const val PASSPHRASE = "four words that stay"
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
    fun timeAwayLocksWhoeverComesBack() = inside(CALM.copy(afterS = 60UL)) { screen ->
        screen.sees(Say.phoneAccountsTitle)
        screen.pause().stop()
        settle()
        shadowOf(Looper.getMainLooper()).idleFor(20, TimeUnit.SECONDS)
        clock.time += 61UL
        screen.restart().start()
        assertFalse("nothing is seen before it is asked", screen.get().shows(Say.phoneAccountsTitle))
        screen.resume()
        screen.sees(Say.phoneUnlockLocked)
    }

    @Test
    fun whoNeverComesBackLeavesNoVaultOpen() = locks(CALM.copy(afterS = 60UL)) { screen ->
        screen.pause().stop()
        settle()
        clock.time += 61UL
        shadowOf(Looper.getMainLooper()).idleFor(61, TimeUnit.SECONDS)
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
    fun aWindowThatIsMadeAnewIsNotLeft() = inside(CALM.copy(onLeave = true)) { screen ->
        screen.recreate()
        await("the list") { screen.get().hasDrawn }
        settle()
        assertEquals(LockState.OPEN, app.core.lockState())
    }

    @Test
    fun aSheetIsCopiedAtLeisure() = inside(CALM.copy(afterS = 60UL)) { screen ->
        screen.get().go(Go.To(Route.Settings(SettingsTab.BACKUP)))
        assertFalse(isKeptOn(screen))
        screen.tapOn(Say.phoneSettingsMakeSheet)
        screen.sees(Say.phoneSettingsSheetOnce)
        assertTrue("it does not go dark", isKeptOn(screen))
        repeat(3) {
            clock.time += 50UL
            shadowOf(Looper.getMainLooper()).idleFor(2, TimeUnit.SECONDS)
        }
        assertEquals("nor lock", LockState.OPEN, app.core.lockState())
        shadowOf(Looper.getMainLooper()).idleFor(TEN_MINUTES_S, TimeUnit.SECONDS)
        await("its end: it is not for ever") { !isKeptOn(screen) }
        clock.time += 61UL
        shadowOf(Looper.getMainLooper()).idleFor(2, TimeUnit.SECONDS)
        await("the lock") { app.core.lockState() == LockState.LOCKED }
    }

    @Test
    fun aFileThatIsPickedIsReadBehindTheLock() = inside(CALM.copy(onLeave = true)) { screen ->
        screen.get().go(Go.To(Route.Batches))
        screen.tap(Say.phoneBatchPick)
        val asked = shadowOf(screen.get()).nextStartedActivityForResult
        screen.pause().stop()
        await("the lock") { app.core.lockState() == LockState.LOCKED }
        screen.picked("otpauth://totp/Example:mara?secret=GEZDGNBVGY3TQOJQ\n".toByteArray(), asked, "*/*")
        screen.restart().start().resume()
        screen.sees(Say.phoneUnlockLocked)
        screen.type(0, PASSPHRASE)
        screen.tap(Say.phoneUnlockUnlock)
        screen.sees(Say.phoneBatchRows(count(1)))
    }

    private fun isKeptOn(screen: ActivityController<MainActivity>) =
        shadowOf(screen.get().window).getFlag(FLAG_KEEP_SCREEN_ON)

    private fun settle() {
        shadowOf(Looper.getMainLooper()).idle()
        Thread.sleep(SETTLE_MS)
    }

    @Test
    fun whatIsNoRuleLocksNothing() = inside(CALM) { screen ->
        app.sendBroadcast(Intent(Intent.ACTION_SCREEN_OFF))
        screen.pause().stop()
        settle()
        assertEquals(LockState.OPEN, app.core.lockState())
    }

    private fun locks(rule: AutoLock, act: (ActivityController<MainActivity>) -> Unit) = inside(rule) { screen ->
        act(screen)
        await("the lock") { app.core.lockState() == LockState.LOCKED }
    }

    private fun inside(rule: AutoLock, act: (ActivityController<MainActivity>) -> Unit) {
        runBlocking {
            app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle())
            app.core.setAutoLock(rule)
        }
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            await("the list") { screen.get().hasDrawn }
            act(screen)
        }
    }

    private companion object {
        const val SETTLE_MS = 300L
        const val TEN_MINUTES_S = 601L
    }
}

private class SetClock(@Volatile var time: ULong) : ClockPort {
    override fun now(): ULong = time
}
