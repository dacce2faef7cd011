package org.countersign.logic.gateway

import org.countersign.bindings.JoiningRow
import org.countersign.bindings.MoveRow
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.Step
import org.countersign.logic.core.GatewayCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

/** Another phone of the same person joins, and this one stays or goes. */
data class MoveState(val now: ULong, val host: String, val step: MoveStep, val notice: Notice?) : Screen {
    /** Its hands are on the other phone. */
    override val staysAwake: Boolean get() = step is MoveStep.Shows || step is MoveStep.Joining
}

sealed interface MoveStep {
    /** Whether this phone stays. */
    data object Asking : MoveStep

    data object Inviting : MoveStep

    /** The code that the new phone scans: whoever reads it can enrol. */
    data class Shows(val link: Secret, val until: ULong) : MoveStep

    /** A phone shows six digits; they are typed here if it is the person's own. */
    data class Joining(val phone: JoiningRow, val waits: Boolean) : MoveStep

    data class Done(val text: Text) : MoveStep

    data class Over(val text: Text) : MoveStep
}

sealed interface MoveEvent {
    data class Begin(val replace: Boolean) : MoveEvent

    data object Tick : MoveEvent

    /** Something changed in the core: the new phone may be there. */
    data object Changed : MoveEvent

    data class Confirm(val digits: Digits) : MoveEvent

    data object Back : MoveEvent

    class Read(val move: MoveRow?) : MoveEvent

    data class Failed(val notice: Notice?) : MoveEvent
}

private typealias MoveNext = Step<MoveState, MoveEvent>

class MoveLogic(private val id: String, private val gateways: GatewayCalls, private val now: Now) :
    Logic<MoveState, MoveEvent> {
    /** One that is under way is gone on with: it survives the death of the process. */
    override fun begin(): MoveNext {
        val host = gateways.gateways().find { it.id == id }?.host.orEmpty()
        return read(MoveState(now(), host, MoveStep.Asking, null))
    }

    override fun on(state: MoveState, event: MoveEvent): MoveNext = when (event) {
        is MoveEvent.Begin -> invite(state, event.replace)
        MoveEvent.Tick -> Step(late(state.copy(now = now())))
        MoveEvent.Changed -> if (state.step.waits()) Step(state) else read(state)
        is MoveEvent.Confirm -> confirm(state, event.digits)
        MoveEvent.Back -> Step(state, go = Go.Back, stop = true)
        is MoveEvent.Read -> Step(drawn(state, event.move))
        is MoveEvent.Failed -> Step(failed(state, event.notice))
    }

    /** What was read of it before, and comes late, says nothing of the invitation. */
    private fun invite(state: MoveState, replace: Boolean): MoveNext = if (state.step.waits()) {
        Step(state)
    } else {
        Step(state.copy(step = MoveStep.Inviting, notice = null), stop = true, ask = {
            asking(MoveEvent::Failed) { MoveEvent.Read(gateways.invite(id, replace)) }
        })
    }

    private fun read(state: MoveState): MoveNext =
        Step(state, ask = { asking(MoveEvent::Failed) { MoveEvent.Read(gateways.moving(id)) } })

    private fun confirm(state: MoveState, digits: Digits): MoveNext {
        val step = state.step as? MoveStep.Joining ?: return Step(state)
        if (step.waits) return Step(state)
        if (digits.size != DIGITS) return Step(state.copy(notice = Notice(Say.phoneGatewayMoveDigits)))
        return Step(state.copy(step = step.copy(waits = true), notice = null), stop = true, ask = {
            asking(MoveEvent::Failed) {
                gateways.confirm(id, digits.plain())
                MoveEvent.Read(gateways.moving(id))
            }
        })
    }

    private fun drawn(state: MoveState, move: MoveRow?): MoveState {
        if (move == null) return state.copy(step = if (wasBegun(state)) over() else MoveStep.Asking)
        val joining = move.joining
        val host = plain(move.host)
        val step =
            when {
                move.confirmed && move.replace -> MoveStep.Done(Say.tuiMovedReplace(host))
                move.confirmed -> MoveStep.Done(Say.tuiMoved(host))
                joining != null -> MoveStep.Joining(joining, waits = false)
                else -> MoveStep.Shows(Secret(move.link), move.until)
            }
        return late(state.copy(now = now(), host = move.host, step = step))
    }

    private fun wasBegun(state: MoveState) = state.step is MoveStep.Shows || state.step is MoveStep.Joining

    private fun over() = MoveStep.Over(Say.phoneGatewayMoveOver)

    private fun late(state: MoveState): MoveState {
        val shown = state.step as? MoveStep.Shows ?: return state
        return if (shown.until <= state.now) state.copy(step = over()) else state
    }

    private fun failed(state: MoveState, notice: Notice?): MoveState {
        val step =
            when (val step = state.step) {
                MoveStep.Inviting -> MoveStep.Asking
                is MoveStep.Joining -> step.copy(waits = false)
                else -> step
            }
        return state.copy(step = step, notice = notice)
    }

    /** The gateway is being asked: what else is heard meanwhile is read after it. */
    private fun MoveStep.waits() = this == MoveStep.Inviting || (this is MoveStep.Joining && waits)

    private companion object {
        const val DIGITS = 6
    }
}
