package org.countersign.logic.unlock

import org.countersign.bindings.LockState
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
        is FirstRunEvent.Begin -> begin(state, event.aim)
        FirstRunEvent.Back -> goBack(state)
        FirstRunEvent.OpenScreenLock -> Step(state, wish = Wish.OpenSettings(SettingsPage.SCREEN_LOCK))
        FirstRunEvent.Returned -> Step(state.copy(hasScreenLock = hasScreenLock()))
        is FirstRunEvent.Chose -> chose(state, event)
        FirstRunEvent.Made -> made(state)
        is FirstRunEvent.NotMade -> Step(state.waiting(false).copy(notice = event.notice))
        is FirstRunEvent.Fingers -> fingers(state, event.wanted)
        FirstRunEvent.FingersAdded -> Step(state, go = state.aim().there())
    }

    /** Whose vault is there already is past the passphrase: there can be no second one. */
    private fun begin(state: FirstRunState, aim: FirstAim): Step<FirstRunState, FirstRunEvent> {
        val next = state.at(FirstRunStep.Passphrase(aim, waits = false))
        return if (vault.lockState() == LockState.OPEN) made(next) else Step(next)
    }

    /** A vault that is being made is there in a moment, and can't be half a one: *back* waits for it. */
    private fun goBack(state: FirstRunState): Step<FirstRunState, FirstRunEvent> {
        val isBeingMade = (state.step as? FirstRunStep.Passphrase)?.waits ?: false
        return if (isBeingMade) Step(state) else Step(state.at(FirstRunStep.Welcome))
    }

    private fun chose(state: FirstRunState, typed: FirstRunEvent.Chose): Step<FirstRunState, FirstRunEvent> {
        val fault =
            when {
                typed.passphrase.isEmpty -> Say.phonePassphraseEmpty
                !typed.passphrase.isSameAs(typed.again) -> Say.phonePassphraseDiffers
                else -> null
            }
        if (fault != null) return Step(state.copy(notice = Notice(fault)))
        if (state.waits()) return Step(state)
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
        if (state.waits()) return if (wanted) Step(state) else Step(state, go = state.aim().there(), stop = true)
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

private fun FirstRunState.waits(): Boolean = when (step) {
    FirstRunStep.Welcome -> false
    is FirstRunStep.Passphrase -> step.waits
    is FirstRunStep.Fingers -> step.waits
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
