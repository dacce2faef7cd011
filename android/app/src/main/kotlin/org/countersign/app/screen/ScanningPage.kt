package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.look.column
import org.countersign.app.look.palette
import org.countersign.app.look.quietButton
import org.countersign.app.look.say
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.approval.ApprovalEvent
import org.countersign.logic.approval.ApprovalPhase
import org.countersign.logic.text.Say

/** The camera looks for the page of a sign-in, in place of its digits. */
internal class ScanningPage(context: Context, finder: Viewfinder, onEvent: (ApprovalEvent) -> Unit) {
    private val pane = FinderPane(
        context,
        finder,
        Say.phoneApprovalScanPage,
        NoCamera(Say.phoneApprovalCameraAbsent, Say.phoneApprovalCameraRefused),
        onTorch = { onEvent(ApprovalEvent.Torch(it)) },
        onSettings = { onEvent(ApprovalEvent.OpenSettings) },
        onRetry = { onEvent(ApprovalEvent.Scan(true)) },
    )
    private val other = Part<Boolean>(context) {
        if (it) context.noticeCard(Notice(Say.phoneApprovalOtherCode, tone = Tone.WARN)) else null
    }

    val view: View = with(context) {
        page(
            head(say(Say.phoneScanTitle), { onEvent(ApprovalEvent.Scan(false)) }),
            column(pane.view, other),
            column(
                quietButton(say(Say.phoneApprovalTypeInstead)) { onEvent(ApprovalEvent.Scan(false)) },
                quietButton(say(Say.phoneApprovalNotMe), palette.ink) { onEvent(ApprovalEvent.NotMe) },
            ),
        )
    }

    fun draw(phase: ApprovalPhase.Scanning) {
        pane.draw(phase.camera, phase.torch)
        other.show(phase.isOther)
    }
}
