package org.countersign.logic.approval

import org.countersign.bindings.ApprovalState as CoreState
import org.countersign.bindings.ClosedStatus
import org.countersign.bindings.Info
import org.countersign.bindings.NoticeRow
import org.countersign.bindings.NoticeText
import org.countersign.bindings.PastEnd
import org.countersign.bindings.PastRow
import org.countersign.bindings.Res
import org.countersign.bindings.Status
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Step
import org.countersign.logic.core.ApprovalCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Day
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

/** What was decided and told in the last 90 days, by day; what gateways tell stands above it until it is put away. */
data class HistoryState(
    val waiting: List<Asked>,
    val told: List<Told>,
    val past: List<Past>,
    /** Those that are over, and of which the person can still say that it wasn't them. */
    val undo: Set<String>,
    /** The entry of which all is shown. */
    val open: String?,
    val loads: Boolean,
    val notice: Notice?,
    /** The notice of which it is asked whether it shall be reported. */
    val reporting: String? = null,
    /** A gateway is being told. */
    val waits: Boolean = false,
) : Screen

/** What a gateway tells: nothing is asked, and it can be put away. */
data class Told(
    val id: String,
    val text: Text,
    val host: String,
    val at: ULong,
    val facts: List<ContextFact>,
    val canReport: Boolean,
    /** What came of a report. */
    val reported: Text?,
)

/** One entry; [end] is a word, its shape the same thing again. */
data class Past(
    val id: String,
    val title: Text,
    val app: String,
    val host: String,
    val at: ULong,
    val end: PastWord,
    val word: Text,
    val facts: List<ContextFact>,
    val message: String?,
)

enum class PastWord { APPROVED, DENIED, REPORTED, FAILED, EXPIRED, OVER, UNSURE, TOLD }

/** The day under which an entry stands. */
fun dayOf(past: Past): Day = Day(past.at)

sealed interface HistoryEvent {
    data object Changed : HistoryEvent

    /** Reads what could not be read. */
    data object Retry : HistoryEvent

    data class Toggle(val id: String) : HistoryEvent

    data class OpenApproval(val id: String) : HistoryEvent

    data class PutAway(val id: String) : HistoryEvent

    /** That wasn't me: a report may suspend a phone, and is asked first. */
    data class Report(val id: String) : HistoryEvent

    data class Reporting(val sure: Boolean) : HistoryEvent

    data object Done : HistoryEvent

    data class Read(val past: List<Past>) : HistoryEvent

    data class Failed(val notice: Notice?) : HistoryEvent
}

private typealias HistoryStep = Step<HistoryState, HistoryEvent>

class HistoryLogic(private val calls: ApprovalCalls) : Logic<HistoryState, HistoryEvent> {
    override fun back(state: HistoryState): HistoryEvent? =
        state.reporting?.let { HistoryEvent.Reporting(sure = false) }

    override fun begin(): HistoryStep =
        read(HistoryState(emptyList(), emptyList(), emptyList(), emptySet(), null, true, null))

    override fun on(state: HistoryState, event: HistoryEvent): HistoryStep = when (event) {
        HistoryEvent.Changed -> read(state)
        HistoryEvent.Done -> read(state.copy(waits = false))
        HistoryEvent.Retry -> read(state.copy(loads = true, notice = null))
        is HistoryEvent.Toggle -> Step(state.copy(open = event.id.takeIf { it != state.open }))
        is HistoryEvent.OpenApproval -> Step(state, go = Go.To(Route.Approval(event.id)))
        is HistoryEvent.PutAway -> change(state) { calls.dismiss(event.id) }
        is HistoryEvent.Report -> Step(if (state.waits) state else state.copy(reporting = event.id, notice = null))
        is HistoryEvent.Reporting -> report(state, state.reporting.takeIf { event.sure })
        is HistoryEvent.Read -> Step(state.copy(past = event.past, loads = false))
        is HistoryEvent.Failed -> Step(state.copy(loads = false, waits = false, notice = event.notice))
    }

    private fun read(state: HistoryState): HistoryStep {
        val (open, over) = calls.approvals().partition { it.waits() }
        val undo = over.filter { it.canUndo() }.map { it.id }.toSet()
        val told = calls.notices().map(::told)
        val reporting = state.reporting?.takeIf { id -> told.any { it.id == id && it.canReport } }
        val shown = state.copy(waiting = open.map(::asked), undo = undo, told = told, reporting = reporting)
        return Step(shown, ask = {
            asking(HistoryEvent::Failed) { HistoryEvent.Read(calls.history().map(::past)) }
        })
    }

    private fun report(state: HistoryState, id: String?): HistoryStep {
        val shown = state.copy(reporting = null)
        return if (id == null) Step(shown) else change(shown) { calls.report(id) }
    }

    private fun change(state: HistoryState, call: suspend () -> Unit): HistoryStep {
        if (state.waits) return Step(state)
        return Step(state.copy(waits = true, notice = null), ask = {
            asking(HistoryEvent::Failed) {
                call()
                HistoryEvent.Done
            }
        })
    }
}

private fun told(row: NoticeRow): Told {
    val facts = listOf(account(row.acct, row.acctDiffers)) + contextFacts(row.context)
    val stands = row.state
    val reported = Say.tuiNoticeReported.takeIf { stands is CoreState.Decided && stands.status == Status.REPORTED }
    return Told(row.id, toldText(row.text), row.host, row.told, facts, row.canReport, reported)
}

/** What a notice tells, in a sentence. */
internal fun toldText(text: NoticeText): Text {
    val model = text.device?.let { plain(it.model) } ?: Say.phoneSomePhone
    return when (text.info) {
        Info.DEVICE_ADDED -> Say.tuiNoticeDeviceAdded(model)
        Info.DEVICE_REMOVED -> Say.tuiNoticeDeviceRemoved(model)
        Info.KEYS_CHANGED -> Say.tuiNoticeKeysChanged(model)
        Info.RECOVERY_USED -> Say.tuiNoticeRecoveryUsed
        Info.LOCKOUT -> Say.tuiNoticeLockout
    }
}

private fun past(row: PastRow): Past {
    val (end, word) = pastWord(row.end)
    val facts = listOf(account(row.acct, differs = false)) + contextFacts(row.context)
    val title = row.notice?.let(::toldText) ?: opTitle(row.op)
    return Past(row.id, title, row.app, row.host, row.at, end, word, facts, row.msg)
}

/** How it ended, as this phone knows it. */
internal fun pastWord(end: PastEnd): Pair<PastWord, Text> = when (end) {
    is PastEnd.Decided -> decided(end.status)

    is PastEnd.Sent ->
        PastWord.UNSURE to
            if (end.res == Res.APPROVE) Say.phonePastSentApprove else Say.phonePastSentNo

    is PastEnd.Ended -> ended(end.how)

    is PastEnd.Dismissed -> PastWord.TOLD to Say.phonePastTold

    is PastEnd.CodeShown -> PastWord.UNSURE to Say.phonePastCodeShown
}

private fun decided(status: Status): Pair<PastWord, Text> = when (status) {
    Status.APPROVED -> PastWord.APPROVED to Say.phonePastApproved
    Status.DENIED -> PastWord.DENIED to Say.phonePastDenied
    Status.REPORTED -> PastWord.REPORTED to Say.phonePastReported
    Status.WRONG, Status.FAILED -> PastWord.FAILED to Say.phonePastFailed
    Status.EXPIRED -> PastWord.EXPIRED to Say.phonePastExpired
    Status.CLOSED, Status.UNKNOWN, Status.MISMATCH -> PastWord.OVER to Say.phonePastOver
}

private fun ended(how: ClosedStatus): Pair<PastWord, Text> = when (how) {
    ClosedStatus.APPROVED -> PastWord.APPROVED to Say.phonePastApprovedElsewhere
    ClosedStatus.DENIED -> PastWord.DENIED to Say.phonePastDeniedElsewhere
    ClosedStatus.REPORTED -> PastWord.REPORTED to Say.phonePastReported
    ClosedStatus.FAILED -> PastWord.FAILED to Say.phonePastFailed
    ClosedStatus.EXPIRED -> PastWord.EXPIRED to Say.phonePastExpired
    ClosedStatus.CLOSED, ClosedStatus.UNKNOWN, ClosedStatus.OTHER -> PastWord.OVER to Say.phonePastOver
}
