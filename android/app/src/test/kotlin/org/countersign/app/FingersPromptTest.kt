package org.countersign.app

import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AutoLock
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.LockState
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.await
import org.junit.Assert.assertEquals
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowBiometricPrompt

/** The codes open by a finger, which is asked for when the person is there. */
@RunWith(RobolectricTestRunner::class)
class FingersPromptTest {
    @Before
    fun begin() {
        FakeKeyStore.install()
        ShadowBiometricPrompt.reset()
        runBlocking {
            app.core.createVault("four words that stay".toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle())
            app.core.setAutoLock(AutoLock(afterS = null, onLeave = true, onScreenOff = false))
        }
    }

    @Test
    fun whoComesBackIsAskedForAFinger() = withFingers { screen ->
        screen.leaves()
        assertEquals("nobody is there to be asked", null, ShadowBiometricPrompt.getCurrentPrompt())
        screen.restart().start().resume()
        screen.prompted()
        screen.isOpen()
    }

    @Test
    fun whoLeavesThePromptIsAskedAgainOnReturnAndWhoSaysNoIsNot() = withFingers { screen ->
        screen.leaves()
        screen.restart().start().resume()
        screen.awaiting("the prompt") { ShadowBiometricPrompt.getCurrentPrompt() != null }
        ShadowBiometricPrompt.cancelCurrentSession()
        screen.sees(Say.phoneUnlockUnlock)
        screen.pause().stop().restart().start().resume()
        screen.awaiting("the prompt") { ShadowBiometricPrompt.getCurrentPrompt() != null }
        ShadowBiometricPrompt.authenticateCurrentSessionWithError(USER_CANCELED, "")
        screen.sees(Say.phoneUnlockUnlock)
        screen.pause().stop().restart().start().resume()
        screen.sees(Say.phoneUnlockUnlock)
        assertEquals("the passphrase was meant", null, ShadowBiometricPrompt.getCurrentPrompt())
        screen.tap(Say.phoneUnlockByFingers)
        screen.prompted()
        screen.isOpen()
    }

    private fun ActivityController<MainActivity>.leaves() {
        pause().stop()
        await("the lock") { app.core.lockState() == LockState.LOCKED && get().shows(Say.phoneUnlockLocked) }
    }

    private fun ActivityController<MainActivity>.isOpen() =
        awaiting("the codes") { app.core.lockState() == LockState.OPEN }

    private fun withFingers(act: (ActivityController<MainActivity>) -> Unit) =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            await("the list") { screen.get().hasDrawn }
            screen.get().go(Go.To(Route.Settings(SettingsTab.LOCK)))
            screen.tapOn(Say.phoneSettingsFingers)
            screen.prompted()
            await("the way in") { app.keep.read().fingers }
            act(screen)
        }

    private companion object {
        const val USER_CANCELED = 10
    }
}
