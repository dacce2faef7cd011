package org.countersign.app.port

import android.app.Activity
import android.hardware.biometrics.BiometricPrompt
import android.hardware.biometrics.BiometricPrompt.CryptoObject
import java.util.concurrent.CompletableFuture
import javax.crypto.Mac
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.PortFault
import org.countersign.bindings.ShellException
import org.countersign.logic.text.Say
import org.countersign.testkit.await
import org.junit.Assert.assertEquals
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.shadows.ShadowBiometricPrompt

/** Each end of the platform's prompt, as the core hears of it. */
@RunWith(RobolectricTestRunner::class)
class PromptTest {
    private val activity = Robolectric.buildActivity(Activity::class.java).setup().get()
    private val cancel = CancelHandle()
    private val question = Question(Say.phoneUnlockByFingers, subtitle = null, mayUseScreenLock = true)

    @Before
    fun begin() = ShadowBiometricPrompt.reset()

    @Test
    fun aFingerIsAYes() = assertEquals(null, ends { ShadowBiometricPrompt.authenticateCurrentSessionSuccessfully() })

    @Test
    fun anotherFingerIsNoEnd() = assertEquals(
        null,
        ends {
            ShadowBiometricPrompt.failCurrentSessionOnce()
            ShadowBiometricPrompt.authenticateCurrentSessionSuccessfully()
        },
    )

    @Test
    fun eachErrorHasItsMeaning() {
        val meanings = mapOf(
            BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED to PortFault.USER_REFUSED,
            BiometricPrompt.BIOMETRIC_ERROR_CANCELED to PortFault.INTERRUPTED,
            BiometricPrompt.BIOMETRIC_ERROR_TIMEOUT to PortFault.INTERRUPTED,
            BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT to PortFault.LOCKED,
            BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT_PERMANENT to PortFault.LOCKED,
            BiometricPrompt.BIOMETRIC_ERROR_HW_NOT_PRESENT to PortFault.UNAVAILABLE,
            BiometricPrompt.BIOMETRIC_ERROR_HW_UNAVAILABLE to PortFault.UNAVAILABLE,
            BiometricPrompt.BIOMETRIC_ERROR_NO_BIOMETRICS to PortFault.UNAVAILABLE,
            BiometricPrompt.BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL to PortFault.UNAVAILABLE,
            BiometricPrompt.BIOMETRIC_ERROR_VENDOR to PortFault.FAILED,
        )
        val heard = meanings.mapValues { (code, _) ->
            ends { ShadowBiometricPrompt.authenticateCurrentSessionWithError(code, "the phone's own words") }
        }
        assertEquals(meanings, heard)
    }

    @Test
    fun whatIsCancelledTakesThePromptAway() = assertEquals(PortFault.CANCELLED, ends(cancel::cancel))

    @Test
    fun withNobodyInFrontNothingIsAsked() {
        val asker = PromptAsker { null }
        val fault = runCatching { asker.ask(question, crypto(), cancel) }.exceptionOrNull() as ShellException.Port
        assertEquals(PortFault.INTERRUPTED, fault.fault)
        assertEquals(null, ShadowBiometricPrompt.getCurrentPrompt())
    }

    /** Asks, has it [end], and tells what came of it; none for a yes. */
    private fun ends(end: () -> Unit): PortFault? {
        val came = CompletableFuture.supplyAsync {
            runCatching { PromptAsker { activity }.ask(question, crypto(), cancel) }.exceptionOrNull()
        }
        await("the prompt") { ShadowBiometricPrompt.getCurrentPrompt() != null }
        end()
        await("its end") { came.isDone }
        ShadowBiometricPrompt.reset()
        return came.get()?.let { (it as ShellException.Port).fault }
    }

    private fun crypto() = CryptoObject(Mac.getInstance("HmacSHA256"))
}
