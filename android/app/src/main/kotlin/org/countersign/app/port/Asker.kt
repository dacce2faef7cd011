package org.countersign.app.port

import android.app.Activity
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.os.Build
import android.os.CancellationSignal
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import org.countersign.app.look.say
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.PortFault
import org.countersign.bindings.ShellException
import org.countersign.logic.text.Text

/** What the platform's prompt says. */
data class Question(
    val title: Text,
    val subtitle: Text?,
    /** Whether the code of the screen lock does as well as a finger. */
    val mayUseScreenLock: Boolean,
)

/** Asks for the person, so that [CryptoObject] can be used once. */
fun interface Asker {
    /** Waits for the answer on a thread that may wait. Throws where the person is not there, or does not want to. */
    fun ask(question: Question, crypto: CryptoObject, cancel: CancelHandle)
}

/** Asks by the prompt of the platform, over the activity that is in [front]. */
class PromptAsker(private val front: () -> Activity?) : Asker {
    override fun ask(question: Question, crypto: CryptoObject, cancel: CancelHandle) {
        val activity = front() ?: throw fault(PortFault.INTERRUPTED)
        val answer = CompletableFuture<Unit>()
        val signal = CancellationSignal()
        activity.runOnUiThread {
            runCatching { show(activity, question, crypto, signal, answer) }
                .onFailure { answer.completeExceptionally(fault(PortFault.UNAVAILABLE)) }
        }
        await(answer, cancel) { activity.runOnUiThread(signal::cancel) }
    }

    private fun show(
        activity: Activity,
        question: Question,
        crypto: CryptoObject,
        signal: CancellationSignal,
        answer: CompletableFuture<Unit>,
    ) {
        val prompt = BiometricPrompt.Builder(activity).setTitle(activity.say(question.title))
        question.subtitle?.let { prompt.setSubtitle(activity.say(it)) }
        if (question.mayUseScreenLock && Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            prompt.setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG or Authenticators.DEVICE_CREDENTIAL)
        } else {
            prompt.setNegativeButton(activity.getString(android.R.string.cancel), activity.mainExecutor) { _, _ ->
                answer.completeExceptionally(fault(PortFault.USER_REFUSED))
            }
        }
        prompt.build().authenticate(crypto, signal, activity.mainExecutor, Answering(answer))
    }

    private class Answering(private val answer: CompletableFuture<Unit>) : BiometricPrompt.AuthenticationCallback() {
        override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult?) {
            answer.complete(Unit)
        }

        override fun onAuthenticationError(code: Int, words: CharSequence?) {
            answer.completeExceptionally(fault(meaning(code)))
        }
    }

    /** A prompt that is not answered stays; a call that is cancelled takes it away. */
    private fun await(answer: CompletableFuture<Unit>, cancel: CancelHandle, end: () -> Unit) {
        while (true) {
            try {
                answer.get(LOOK_MS, TimeUnit.MILLISECONDS)
                return
            } catch (_: TimeoutException) {
                if (cancel.isCancelled()) {
                    end()
                    throw fault(PortFault.CANCELLED)
                }
            } catch (ended: ExecutionException) {
                throw ended.cause as? ShellException ?: fault(PortFault.FAILED)
            }
        }
    }

    private companion object {
        const val LOOK_MS = 100L

        fun meaning(code: Int): PortFault = when (code) {
            BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED -> PortFault.USER_REFUSED

            BiometricPrompt.BIOMETRIC_ERROR_CANCELED,
            BiometricPrompt.BIOMETRIC_ERROR_TIMEOUT,
            -> PortFault.INTERRUPTED

            BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT,
            BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT_PERMANENT,
            -> PortFault.LOCKED

            BiometricPrompt.BIOMETRIC_ERROR_HW_NOT_PRESENT,
            BiometricPrompt.BIOMETRIC_ERROR_HW_UNAVAILABLE,
            BiometricPrompt.BIOMETRIC_ERROR_NO_BIOMETRICS,
            BiometricPrompt.BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL,
            -> PortFault.UNAVAILABLE

            else -> PortFault.FAILED
        }
    }
}
