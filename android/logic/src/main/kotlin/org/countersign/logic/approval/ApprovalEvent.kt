package org.countersign.logic.approval

import org.countersign.bindings.PageCode
import org.countersign.bindings.Verdict
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.text.Digits

sealed interface ApprovalEvent {
    data object Tick : ApprovalEvent

    data object Changed : ApprovalEvent

    data class Approve(val digits: Digits) : ApprovalEvent

    /** The camera in place of the digits, and back. */
    data class Scan(val on: Boolean) : ApprovalEvent

    /** The camera saw the page. */
    class Saw(val page: PageCode) : ApprovalEvent

    data object NotMe : ApprovalEvent

    data object BackToDigits : ApprovalEvent

    data object JustCancel : ApprovalEvent

    data object SomeoneHasMyPassword : ApprovalEvent

    /** What was asked of the person is broken off: the fingerprint, a wait for the gateway. */
    data object Stop : ApprovalEvent

    data object Done : ApprovalEvent

    data class OnNotice(val act: Act?) : ApprovalEvent

    data class Answered(val verdict: Verdict) : ApprovalEvent

    data class Failed(val notice: Notice?) : ApprovalEvent
}
