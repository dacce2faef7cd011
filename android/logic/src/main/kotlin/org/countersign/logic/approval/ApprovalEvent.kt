package org.countersign.logic.approval

import org.countersign.bindings.Frame
import org.countersign.bindings.Scanned
import org.countersign.bindings.Verdict
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.scan.Camera
import org.countersign.logic.text.Digits

sealed interface ApprovalEvent {
    data object Tick : ApprovalEvent

    data object Changed : ApprovalEvent

    data class Approve(val digits: Digits) : ApprovalEvent

    /** The camera in place of the digits, and back. */
    data class Scan(val on: Boolean) : ApprovalEvent

    data class CameraIs(val camera: Camera) : ApprovalEvent

    data class Torch(val on: Boolean) : ApprovalEvent

    /** What the camera sees. */
    class Saw(val frame: Frame) : ApprovalEvent

    /** What was read of it. */
    class Read(val all: List<Scanned>) : ApprovalEvent

    /** Yes to one whose page the camera saw: no digits are typed. */
    data object ApproveSeen : ApprovalEvent

    /** The camera saw the page of another sign-in. */
    data object OtherPage : ApprovalEvent

    data object OpenSettings : ApprovalEvent

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
