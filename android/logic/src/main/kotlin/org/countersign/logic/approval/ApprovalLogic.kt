package org.countersign.logic.approval

import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.ApprovalState as CoreState
import org.countersign.bindings.ClosedStatus
import org.countersign.bindings.CountersignException
import org.countersign.bindings.Frame
import org.countersign.bindings.InputFault
import org.countersign.bindings.PageCode
import org.countersign.bindings.Res
import org.countersign.bindings.Scanned
import org.countersign.bindings.Status
import org.countersign.bindings.Verdict
import org.countersign.logic.Act
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.SettingsPage
import org.countersign.logic.Step
import org.countersign.logic.Tone
import org.countersign.logic.Wish
import org.countersign.logic.core.ApprovalCalls
import org.countersign.logic.core.ScanCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.fault.endedText
import org.countersign.logic.fault.wrongDigits
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.step
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count

private typealias ApprovalStep = Step<ApprovalState, ApprovalEvent>

/** The rules of one approval. Which one stays on screen is the route's: a second request waits behind it, counted. */
class ApprovalLogic(
    private val id: String,
    private val calls: ApprovalCalls,
    private val scans: ScanCalls,
    private val now: Now,
    /** The code of its page, where the camera saw that before. */
    private val seen: PageCode? = null,
) : Logic<ApprovalState, ApprovalEvent> {
    override fun begin(): ApprovalStep = Step(read(ApprovalState(now(), null, ApprovalPhase.Loading, 0, null, seen)))

    override fun back(state: ApprovalState): ApprovalEvent? = when (state.phase) {
        is ApprovalPhase.Scanning -> ApprovalEvent.Scan(on = false)
        ApprovalPhase.Refusing -> ApprovalEvent.BackToDigits
        is ApprovalPhase.Sending -> ApprovalEvent.Stop
        ApprovalPhase.Loading, ApprovalPhase.Asking, is ApprovalPhase.Over -> null
    }

    override fun on(state: ApprovalState, event: ApprovalEvent): ApprovalStep = when (event) {
        ApprovalEvent.Tick -> Step(tick(state))
        ApprovalEvent.Changed -> Step(read(state))
        is ApprovalEvent.Approve -> approve(state, event)
        is ApprovalEvent.Scan -> scan(state, event.on)
        is ApprovalEvent.CameraIs -> scanning(state) { it.copy(camera = event.camera) }
        is ApprovalEvent.Torch -> scanning(state) { it.copy(torch = event.on) }
        is ApprovalEvent.Saw -> saw(state, event.frame)
        is ApprovalEvent.Read -> wasRead(state, event.all)
        ApprovalEvent.ApproveSeen -> approveSeen(state)
        ApprovalEvent.OtherPage -> Step(read(state.copy(seen = null, phase = ApprovalPhase.Asking), OTHER_PAGE))
        ApprovalEvent.OpenSettings -> Step(state, wish = Wish.OpenSettings(SettingsPage.APP))
        ApprovalEvent.NotMe -> notMe(state)
        ApprovalEvent.BackToDigits -> Step(read(state.copy(phase = ApprovalPhase.Loading)))
        ApprovalEvent.JustCancel -> refuse(state, Decision.DENY) { calls.deny(id) }
        ApprovalEvent.SomeoneHasMyPassword -> refuse(state, Decision.REPORT) { calls.report(id) }
        ApprovalEvent.Stop -> Step(read(state.copy(phase = ApprovalPhase.Asking)), stop = true)
        ApprovalEvent.Done -> Step(state, go = next())
        is ApprovalEvent.OnNotice -> onNotice(state, event.act)
        is ApprovalEvent.Answered -> Step(answered(state, event.verdict))
        is ApprovalEvent.Failed -> Step(read(state.copy(phase = ApprovalPhase.Asking), event.notice))
    }

    private fun tick(state: ApprovalState): ApprovalState {
        val moved = state.copy(now = now())
        val isLate = state.asked?.let { it.expires <= moved.now } ?: false
        return if (isLate && state.phase !is ApprovalPhase.Sending) read(moved) else moved
    }

    /**
     * What the core has of it now. What the person sees of an end is not taken away from under them, nor is *no* while it can
     * still be said: a login that ended can be reported for a while.
     */
    private fun read(state: ApprovalState, notice: Notice? = state.notice): ApprovalState {
        if (state.phase is ApprovalPhase.Over) return state
        val all = calls.approvals()
        val row = all.find { it.id == id }
        val others = all.count { it.id != id && it.waits() }
        val moved = state.copy(now = now(), behind = others)
        if (row == null) {
            val asked = moved.asked?.copy(canApprove = false, canDeny = false, canReport = false)
            return moved.copy(asked = asked).over(ClosedStatus.CLOSED)
        }
        val isSending = state.phase is ApprovalPhase.Sending
        if (isSending ||
            (state.phase == ApprovalPhase.Refusing && row.canRefuse())
        ) {
            return moved.copy(asked = asked(row))
        }
        val phase = if (state.phase == ApprovalPhase.Loading) ApprovalPhase.Asking else state.phase
        return stands(moved.copy(asked = asked(row), phase = phase), row, staleNotice(row.stale) ?: notice)
    }

    private fun stands(state: ApprovalState, row: ApprovalRow, notice: Notice?): ApprovalState =
        when (val stands = row.state) {
            is CoreState.Open -> {
                val isLate = row.expires <= state.now
                val left = stands.left?.let { Notice(wrongDigits(it)) }
                if (isLate) state.over(ClosedStatus.EXPIRED) else state.copy(notice = notice ?: left)
            }

            // Why it has not gone out yet matters less than that it will.
            is CoreState.Sending -> {
                state.copy(phase = ApprovalPhase.Asking, notice = kept(stands.res))
            }

            is CoreState.Decided -> {
                state.over(stands.status)
            }

            is CoreState.Ended -> {
                state.over(stands.how)
            }
        }

    /** A second tap, on its way while the first one is being answered, is none. */
    private fun approve(state: ApprovalState, event: ApprovalEvent.Approve): ApprovalStep {
        val asked = state.asked ?: return Step(state)
        if (!asked.canApprove || state.phase != ApprovalPhase.Asking) return Step(state)
        if (event.digits.size != asked.digits) {
            return Step(state.copy(notice = Notice(Say.errorDigitsAsked(count(asked.digits)))))
        }
        return send(state, Decision.APPROVE) { calls.approve(id, event.digits.plain()) }
    }

    private fun notMe(state: ApprovalState): ApprovalStep {
        if (state.phase is ApprovalPhase.Sending) return Step(state)
        return Step(state.copy(phase = ApprovalPhase.Refusing, notice = null))
    }

    private fun refuse(state: ApprovalState, decision: Decision, call: suspend () -> Verdict): ApprovalStep =
        if (state.phase == ApprovalPhase.Refusing) send(state, decision, call) else Step(state)

    /** Again, where the camera failed. */
    private fun scan(state: ApprovalState, on: Boolean): ApprovalStep = when {
        on && (state.phase == ApprovalPhase.Asking || state.phase is ApprovalPhase.Scanning) -> {
            Step(state.copy(phase = ApprovalPhase.Scanning(), notice = null), wish = Wish.OpenCamera)
        }

        !on && state.phase is ApprovalPhase.Scanning -> {
            Step(state.copy(phase = ApprovalPhase.Asking))
        }

        else -> {
            Step(state)
        }
    }

    private fun scanning(state: ApprovalState, change: (ApprovalPhase.Scanning) -> ApprovalPhase): ApprovalStep =
        Step((state.phase as? ApprovalPhase.Scanning)?.let { state.copy(phase = change(it)) } ?: state)

    private fun saw(state: ApprovalState, frame: Frame): ApprovalStep {
        val phase = state.phase as? ApprovalPhase.Scanning ?: return Step(state)
        if (phase.reads) return Step(state)
        return Step(state.copy(phase = phase.copy(reads = true)), ask = {
            asking({ ApprovalEvent.Read(emptyList()) }) { ApprovalEvent.Read(scans.frame(frame)) }
        })
    }

    /** The page is the yes, and the keystore asks for the person. Whatever else the camera sees does nothing. */
    private fun wasRead(state: ApprovalState, all: List<Scanned>): ApprovalStep {
        val phase = state.phase as? ApprovalPhase.Scanning ?: return Step(state)
        val page = all.firstNotNullOfOrNull { (it as? Scanned.Page)?.page }
        if (page != null) return approveSeen(state.copy(seen = page))
        return Step(state.copy(phase = phase.copy(reads = false, isOther = phase.isOther || all.isNotEmpty())))
    }

    private fun approveSeen(state: ApprovalState): ApprovalStep {
        val page = state.seen ?: return Step(state)
        if (state.phase !is ApprovalPhase.Scanning && state.phase != ApprovalPhase.Asking) return Step(state)
        if (state.asked?.canApprove != true) return Step(state.copy(phase = ApprovalPhase.Asking))
        return Step(state.copy(phase = ApprovalPhase.Sending(Decision.APPROVE), notice = null), ask = {
            asking(ApprovalEvent::Failed) {
                try {
                    ApprovalEvent.Answered(calls.approveByPage(id, page))
                } catch (fault: CountersignException.Input) {
                    if (fault.fault is InputFault.NotFound) ApprovalEvent.OtherPage else throw fault
                }
            }
        })
    }

    private fun send(state: ApprovalState, decision: Decision, call: suspend () -> Verdict): ApprovalStep =
        Step(state.copy(phase = ApprovalPhase.Sending(decision), notice = null), ask = {
            asking(ApprovalEvent::Failed) { ApprovalEvent.Answered(call()) }
        })

    private fun answered(state: ApprovalState, verdict: Verdict): ApprovalState {
        val left = verdict.left
        return if (verdict.status == Status.WRONG && left != null) {
            state.copy(phase = ApprovalPhase.Asking, seen = null, notice = Notice(wrongDigits(left)))
        } else {
            state.over(verdict.status)
        }
    }

    /** The one that waited behind, or back to where the person came from. */
    private fun next(): Go {
        val behind = calls.approvals().find { it.id != id && it.waits() }
        return behind?.let { Go.Instead(Route.Approval(it.id)) } ?: Go.Back
    }

    private fun onNotice(state: ApprovalState, act: Act?): ApprovalStep = when (act) {
        null -> Step(state.copy(notice = null))
        Act.RETRY, Act.CHECK_NETWORK -> Step(read(state.copy(notice = null), null))
        else -> act.step(state)
    }
}

private val OTHER_PAGE = Notice(Say.phoneApprovalOtherPage, tone = Tone.WARN)

/** Signed and kept: it is sent again by itself. */
private fun kept(res: Res) = Notice(if (res == Res.APPROVE) Say.phoneApprovalKept else Say.phoneRefusalKept)

private fun ApprovalState.over(end: ApprovalEnd, text: Text) =
    copy(phase = ApprovalPhase.Over(end, text), notice = null)

private fun ApprovalState.over(status: Status): ApprovalState = when (status) {
    Status.APPROVED -> over(ApprovalEnd.APPROVED, Say.errorApproved)
    Status.DENIED -> over(ApprovalEnd.DENIED, Say.errorDenied)
    Status.REPORTED -> over(ApprovalEnd.REPORTED, Say.errorReported)
    Status.WRONG, Status.FAILED -> over(ApprovalEnd.FAILED, Say.errorFailedDigits)
    Status.CLOSED -> over(ApprovalEnd.ELSEWHERE, Say.errorEndedClosed)
    Status.EXPIRED -> over(ApprovalEnd.EXPIRED, Say.errorEndedExpired)
    Status.UNKNOWN, Status.MISMATCH -> over(ApprovalEnd.UNKNOWN, Say.errorEndedUnknown)
}

private fun ApprovalState.over(how: ClosedStatus): ApprovalState {
    val end =
        when (how) {
            ClosedStatus.EXPIRED -> ApprovalEnd.EXPIRED
            ClosedStatus.FAILED -> ApprovalEnd.FAILED
            ClosedStatus.REPORTED -> ApprovalEnd.REPORTED
            ClosedStatus.DENIED -> ApprovalEnd.DENIED
            ClosedStatus.UNKNOWN -> ApprovalEnd.UNKNOWN
            ClosedStatus.APPROVED, ClosedStatus.CLOSED, ClosedStatus.OTHER -> ApprovalEnd.ELSEWHERE
        }
    return over(end, endedText(how))
}
