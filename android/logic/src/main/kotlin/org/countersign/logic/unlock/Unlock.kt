package org.countersign.logic.unlock

import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.Step
import org.countersign.logic.core.ApprovalCalls
import org.countersign.logic.core.VaultCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say

/** The way into the vault. What waits to be approved does not wait for it. */
data class UnlockState(
    val way: UnlockWay,
    /** Whether the fingerprint, the face or the screen lock can open it. */
    val canUseFingers: Boolean,
    /** Something is asked of the person or worked out: nothing else can be begun. */
    val waits: Boolean,
    /** The sign-in that waits first, and how many do. */
    val waiting: Waiting?,
    val notice: Notice?,
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

    data class Refused(val notice: Notice?) : UnlockEvent

    data object OpenApproval : UnlockEvent

    /** Something changed in the core. */
    data object Changed : UnlockEvent
}

class UnlockLogic(
    private val vault: VaultCalls,
    private val approvals: ApprovalCalls,
    private val canUseFingers: Boolean,
) : Logic<UnlockState, UnlockEvent> {
    /** With fingers the prompt is there at once: most unlock by it, and *cancel* leads to the passphrase. */
    override fun begin(): Step<UnlockState, UnlockEvent> {
        val first = UnlockState(UnlockWay.PASSPHRASE, canUseFingers, canUseFingers, waiting(approvals), null)
        return if (canUseFingers) Step(first, ask = ::byFingers) else Step(first)
    }

    override fun on(state: UnlockState, event: UnlockEvent): Step<UnlockState, UnlockEvent> = when (event) {
        UnlockEvent.Fingers -> Step(state.copy(waits = true, notice = null), ask = ::byFingers, stop = true)
        is UnlockEvent.Way -> Step(state.copy(way = event.way, waits = false, notice = null), stop = true)
        is UnlockEvent.Typed -> typed(state, event.words)
        UnlockEvent.Opened -> Step(state.copy(waits = false))
        is UnlockEvent.Refused -> Step(state.copy(waits = false, notice = event.notice))
        UnlockEvent.OpenApproval -> Step(state, go = state.waiting?.let { Go.To(Route.Approval(it.first)) })
        UnlockEvent.Changed -> Step(state.copy(waiting = waiting(approvals)))
    }

    private fun typed(state: UnlockState, words: Secret): Step<UnlockState, UnlockEvent> {
        if (words.isEmpty) return Step(state.copy(notice = Notice(Say.phonePassphraseEmpty)))
        return Step(state.copy(waits = true, notice = null), stop = true, ask = {
            asking(UnlockEvent::Refused) {
                when (state.way) {
                    UnlockWay.PASSPHRASE -> vault.unlock(words)
                    UnlockWay.SHEET -> vault.unlockBySheet(words)
                }
                UnlockEvent.Opened
            }
        })
    }

    private suspend fun byFingers(): UnlockEvent = asking(UnlockEvent::Refused) {
        vault.unlockByKeystore()
        UnlockEvent.Opened
    }
}

/** The sign-ins that ask now. */
internal fun waiting(calls: ApprovalCalls): Waiting? {
    val asks = calls.approvals().filter { it.canApprove || it.canDeny }
    return asks.firstOrNull()?.let { Waiting(it.id, asks.size) }
}
