package org.countersign.logic.unlock

import org.countersign.bindings.CountersignException
import org.countersign.bindings.PortFault
import org.countersign.logic.Keep
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.Step
import org.countersign.logic.Tone
import org.countersign.logic.approval.waits
import org.countersign.logic.core.ApprovalCalls
import org.countersign.logic.core.VaultCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Place
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.text.Say

/** The way into the vault. What waits to be approved does not wait for it. */
data class UnlockState(
    val way: UnlockWay,
    /** Whether the fingerprint, the face or the screen lock can open it. */
    val canUseFingers: Boolean,
    /** The fingers could open it, and the passphrase is asked for lest it is forgotten. */
    val isReminder: Boolean,
    /** Something is asked of the person or worked out: nothing else can be begun. */
    val waits: Boolean,
    /** The sign-in that waits first, and how many do. */
    val waiting: Waiting?,
    val notice: Notice?,
    /** Nobody was there to be asked for the fingers, or the phone took the question away: it is asked on return. */
    val asksOnReturn: Boolean = false,
    /** They came back while the question was on its way to nobody. */
    val hasReturned: Boolean = false,
) : Screen

/** Sign-ins that wait. */
data class Waiting(val first: String, val count: Int)

/** What opens the vault. */
enum class UnlockWay { PASSPHRASE, SHEET }

sealed interface UnlockEvent {
    data object Fingers : UnlockEvent

    data class Way(val way: UnlockWay) : UnlockEvent

    /** The passphrase, or the words of the sheet. */
    data class Typed(val words: Secret) : UnlockEvent

    data object Opened : UnlockEvent

    /** The phone gave its key up: there are other fingerprints, or no screen lock. */
    data object FingersGone : UnlockEvent

    /** The question for the fingers ended without an answer. */
    data object Interrupted : UnlockEvent

    /** The app is in front again. */
    data object Returned : UnlockEvent

    data class Refused(val notice: Notice?) : UnlockEvent

    data object OpenApproval : UnlockEvent

    /** Something changed in the core. */
    data object Changed : UnlockEvent
}

class UnlockLogic(
    private val vault: VaultCalls,
    private val approvals: ApprovalCalls,
    private val keep: Keep,
    private val opening: Opening,
) : Logic<UnlockState, UnlockEvent> {
    private val canUseFingers = keep.read().fingers

    /** With fingers the prompt is there at once: most unlock by it, and *cancel* leads to the passphrase. */
    override fun begin(): Step<UnlockState, UnlockEvent> {
        val isReminder = opening.asksPassphrase && canUseFingers
        val asks = canUseFingers && !isReminder
        val first = UnlockState(UnlockWay.PASSPHRASE, canUseFingers, isReminder, asks, waiting(approvals), null)
        return if (asks) Step(first, ask = ::byFingers) else Step(first)
    }

    override fun on(state: UnlockState, event: UnlockEvent): Step<UnlockState, UnlockEvent> = when (event) {
        UnlockEvent.Fingers -> fingers(state)
        UnlockEvent.Interrupted -> interrupted(state)
        UnlockEvent.Returned -> returned(state)
        is UnlockEvent.Way -> way(state, event.way)
        is UnlockEvent.Typed -> typed(state, event.words)
        UnlockEvent.Opened -> Step(state.copy(waits = false))
        UnlockEvent.FingersGone -> fingersGone(state)
        is UnlockEvent.Refused -> refused(state, event.notice)
        UnlockEvent.OpenApproval -> Step(state, go = state.waiting?.let { Go.To(Route.Approval(it.first)) })
        UnlockEvent.Changed -> Step(state.copy(waiting = waiting(approvals)))
    }

    private fun fingers(state: UnlockState): Step<UnlockState, UnlockEvent> =
        Step(state.asked(), ask = ::byFingers, stop = true)

    private fun interrupted(state: UnlockState): Step<UnlockState, UnlockEvent> =
        if (state.hasReturned) fingers(state) else Step(state.copy(waits = false, asksOnReturn = true))

    private fun returned(state: UnlockState): Step<UnlockState, UnlockEvent> = when {
        state.waits -> Step(state.copy(hasReturned = true))
        state.asksOnReturn -> fingers(state)
        else -> Step(state)
    }

    private fun typed(state: UnlockState, words: Secret): Step<UnlockState, UnlockEvent> {
        if (words.isEmpty) return Step(state.copy(notice = Notice(Say.phonePassphraseEmpty)))
        val next = state.asked()
        return if (state.way == UnlockWay.PASSPHRASE) byPassphrase(next, words) else bySheet(next, words)
    }

    private fun byPassphrase(state: UnlockState, words: Secret): Step<UnlockState, UnlockEvent> =
        Step(state, stop = true, ask = {
            asking(UnlockEvent::Refused) {
                vault.unlock(words)
                opening.asksPassphrase = false
                UnlockEvent.Opened
            }
        })

    /** Behind the lock waits the page for a new passphrase, to be there as soon as the sheet opened it. */
    private fun bySheet(state: UnlockState, words: Secret): Step<UnlockState, UnlockEvent> {
        opening.hold(words.copy())
        return Step(state, go = NEW_PASSPHRASE, stop = true, ask = {
            asking(UnlockEvent::Refused) {
                vault.unlockBySheet(words)
                UnlockEvent.Opened
            }
        })
    }

    private fun way(state: UnlockState, way: UnlockWay): Step<UnlockState, UnlockEvent> =
        Step(state.copy(way = way, waits = false, notice = null, asksOnReturn = false), go = unheld(), stop = true)

    private fun refused(state: UnlockState, notice: Notice?): Step<UnlockState, UnlockEvent> =
        Step(state.copy(waits = false, notice = notice), go = unheld())

    /** The sheet opened nothing: no page waits behind the lock any more. */
    private fun unheld(): Go? {
        if (opening.sheet == null) return null
        opening.forgetSheet()
        return Go.Back
    }

    /** Who cancels means the passphrase, and need not be told so. */
    private suspend fun byFingers(): UnlockEvent = asking(UnlockEvent::Refused) {
        try {
            opening.byFingers = !opening.asksPassphrase
            vault.unlockByKeystore()
            UnlockEvent.Opened
        } catch (fault: CountersignException.Port) {
            when (fault.fault) {
                PortFault.USER_REFUSED -> UnlockEvent.Refused(null)
                PortFault.INTERRUPTED -> UnlockEvent.Interrupted
                PortFault.KEY_GONE -> UnlockEvent.FingersGone
                else -> throw fault
            }
        }
    }

    /** It stays so until the person switches it on again. */
    private fun fingersGone(state: UnlockState): Step<UnlockState, UnlockEvent> {
        keep.write(keep.read().copy(fingers = false))
        val notice = Notice(Say.phoneUnlockFingersGone, tone = Tone.WARN)
        return Step(state.copy(canUseFingers = false, waits = false, notice = notice))
    }
}

private fun UnlockState.asked() = copy(waits = true, notice = null, asksOnReturn = false, hasReturned = false)

private val NEW_PASSPHRASE = Go.To(Route.Settings(SettingsTab.LOCK))

/** The sign-ins that ask now, on a screen that does not tell of them itself; what the person does goes on meanwhile. */
fun aside(place: Place, calls: ApprovalCalls): Waiting? = when (place) {
    Place.Unlock, Place.FirstRun -> null

    is Place.At -> when (place.route) {
        Route.Accounts, is Route.Approval, Route.History -> null
        else -> waiting(calls)
    }
}

/** The sign-ins that ask now. */
internal fun waiting(calls: ApprovalCalls): Waiting? {
    val asks = calls.approvals().filter { it.waits() }
    return asks.firstOrNull()?.let { Waiting(it.id, asks.size) }
}
