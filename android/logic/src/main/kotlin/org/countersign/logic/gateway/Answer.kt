package org.countersign.logic.gateway

import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Step
import org.countersign.logic.approval.Asked
import org.countersign.logic.approval.asked
import org.countersign.logic.core.ApprovalCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.scan.Found
import org.countersign.logic.text.Digits

/** A sign-in that this phone answers without a network: eight digits, typed where it began. */
data class AnswerState(
    val host: String,
    val asked: Asked?,
    val waits: Boolean,
    val code: Digits?,
    val notice: Notice?,
) : Screen

sealed interface AnswerEvent {
    data object Agree : AnswerEvent

    data object Done : AnswerEvent

    data object ScanAgain : AnswerEvent

    data class Verified(val asked: Asked) : AnswerEvent

    data class Made(val code: Digits) : AnswerEvent

    data class Failed(val notice: Notice?) : AnswerEvent
}

class AnswerLogic(private val found: Found.Offline?, private val calls: ApprovalCalls) :
    Logic<AnswerState, AnswerEvent> {
    /** What it asks is verified before it is shown; nobody knows until then who made it. */
    override fun begin(): Step<AnswerState, AnswerEvent> {
        val found = found ?: return Step(AnswerState("", null, false, null, null))
        return Step(AnswerState(found.host, null, true, null, null), ask = {
            asking(AnswerEvent::Failed) { AnswerEvent.Verified(asked(calls.offlineRow(found.code))) }
        })
    }

    override fun on(state: AnswerState, event: AnswerEvent): Step<AnswerState, AnswerEvent> = when (event) {
        AnswerEvent.Agree -> agree(state)
        AnswerEvent.Done -> Step(state, go = Go.Back)
        AnswerEvent.ScanAgain -> Step(state, go = Go.Instead(Route.Scan))
        is AnswerEvent.Verified -> Step(state.copy(asked = event.asked, waits = false))
        is AnswerEvent.Made -> Step(state.copy(code = event.code, waits = false))
        is AnswerEvent.Failed -> Step(state.copy(waits = false, notice = event.notice))
    }

    private fun agree(state: AnswerState): Step<AnswerState, AnswerEvent> {
        val code = found?.code
        if (code == null || state.asked == null) return Step(state)
        return Step(state.copy(waits = true, notice = null), ask = {
            asking(AnswerEvent::Failed) { AnswerEvent.Made(Digits(calls.answerCode(code))) }
        })
    }
}
