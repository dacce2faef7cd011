package org.countersign.logic.unlock

import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.SettingsPage
import org.countersign.logic.Step
import org.countersign.logic.Wish
import org.countersign.logic.core.VaultCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say

/** The first run: what this is, a passphrase, the fingerprint, and then what the person came for. */
data class FirstRunState(
    val step: FirstRunStep,
    /** Without one the phone's keys cannot ask for the person: said at once, with the way there. */
    val hasScreenLock: Boolean,
    val notice: Notice?,
) : Screen

/** Where the first run is. */
sealed interface FirstRunStep {
    /** Three sentences and two buttons. */
    data object Welcome : FirstRunStep

    /** A passphrase, typed twice. */
    data class Passphrase(val then: FirstAim, val waits: Boolean) : FirstRunStep

    /** Whether the fingerprint or the face shall open it too. */
    data class Fingers(val then: FirstAim, val waits: Boolean) : FirstRunStep
}

/** What a person comes for. */
enum class FirstAim { ADD_ACCOUNT, RESTORE }

sealed interface FirstRunEvent {
    data class Begin(val aim: FirstAim) : FirstRunEvent

    data object Back : FirstRunEvent

    data object OpenScreenLock : FirstRunEvent

    /** The app is in front again: the screen lock may be there now. */
    data object Returned : FirstRunEvent

    data class Chose(val passphrase: Secret, val again: Secret) : FirstRunEvent

    data object Made : FirstRunEvent

    data class NotMade(val notice: Notice?) : FirstRunEvent

    data class Fingers(val wanted: Boolean) : FirstRunEvent

    data object FingersAdded : FirstRunEvent
}

class FirstRunLogic(private val vault: VaultCalls, private val hasScreenLock: () -> Boolean) :
    Logic<FirstRunState, FirstRunEvent> {
    override fun begin() =
        Step<FirstRunState, FirstRunEvent>(FirstRunState(FirstRunStep.Welcome, hasScreenLock(), null))

    override fun back(state: FirstRunState): FirstRunEvent? = when (state.step) {
        FirstRunStep.Welcome -> null
        is FirstRunStep.Passphrase -> FirstRunEvent.Back
        is FirstRunStep.Fingers -> FirstRunEvent.Fingers(wanted = false)
    }

    override fun on(state: FirstRunState, event: FirstRunEvent): Step<FirstRunState, FirstRunEvent> = when (event) {
        is FirstRunEvent.Begin -> Step(state.at(FirstRunStep.Passphrase(event.aim, waits = false)))
        FirstRunEvent.Back -> Step(state.at(FirstRunStep.Welcome), stop = true)
        FirstRunEvent.OpenScreenLock -> Step(state, wish = Wish.OpenSettings(SettingsPage.SCREEN_LOCK))
        FirstRunEvent.Returned -> Step(state.copy(hasScreenLock = hasScreenLock()))
        is FirstRunEvent.Chose -> chose(state, event)
        FirstRunEvent.Made -> made(state)
        is FirstRunEvent.NotMade -> Step(state.waiting(false).copy(notice = event.notice))
        is FirstRunEvent.Fingers -> fingers(state, event.wanted)
        FirstRunEvent.FingersAdded -> Step(state, go = state.aim().there())
    }

    private fun chose(state: FirstRunState, typed: FirstRunEvent.Chose): Step<FirstRunState, FirstRunEvent> {
        val fault =
            when {
                typed.passphrase.isEmpty -> Say.phonePassphraseEmpty
                !typed.passphrase.isSameAs(typed.again) -> Say.phonePassphraseDiffers
                else -> null
            }
        if (fault != null) return Step(state.copy(notice = Notice(fault)))
        return Step(state.waiting(true), ask = {
            asking(FirstRunEvent::NotMade) {
                vault.createVault(typed.passphrase)
                FirstRunEvent.Made
            }
        })
    }

    private fun made(state: FirstRunState): Step<FirstRunState, FirstRunEvent> {
        val aim = state.aim()
        if (!state.hasScreenLock) return Step(state, go = aim.there())
        return Step(state.at(FirstRunStep.Fingers(aim, waits = false)))
    }

    private fun fingers(state: FirstRunState, wanted: Boolean): Step<FirstRunState, FirstRunEvent> {
        if (!wanted) return Step(state, go = state.aim().there())
        return Step(state.waiting(true), ask = {
            asking(FirstRunEvent::NotMade) {
                vault.addKeystoreSlot()
                FirstRunEvent.FingersAdded
            }
        })
    }
}

private fun FirstRunState.at(step: FirstRunStep) = copy(step = step, notice = null)

private fun FirstRunState.waiting(waits: Boolean): FirstRunState = when (step) {
    FirstRunStep.Welcome -> this
    is FirstRunStep.Passphrase -> at(step.copy(waits = waits))
    is FirstRunStep.Fingers -> at(step.copy(waits = waits))
}

private fun FirstRunState.aim(): FirstAim = when (step) {
    FirstRunStep.Welcome -> FirstAim.ADD_ACCOUNT
    is FirstRunStep.Passphrase -> step.then
    is FirstRunStep.Fingers -> step.then
}

private fun FirstAim.there(): Go = when (this) {
    FirstAim.ADD_ACCOUNT -> Go.To(Route.Scan)
    FirstAim.RESTORE -> Go.To(Route.Import)
}
