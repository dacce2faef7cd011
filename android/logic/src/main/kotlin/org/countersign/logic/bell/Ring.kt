package org.countersign.logic.bell

import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.ApprovalState
import org.countersign.bindings.Op
import org.countersign.logic.approval.place
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

/** What a notification says of a sign-in: which app asks, and from where. No digits, no account, nothing to approve with. */
data class Ring(
    val approval: String,
    val title: Text,
    val place: Text,
    /** The gateway's host and port, always shown beside the app. */
    val host: String,
    /** Until when it can be answered, by the phone's clock. */
    val until: ULong,
    val canDeny: Boolean,
)

/** What asks now; all else that was shown is taken away. */
fun rings(rows: List<ApprovalRow>, now: ULong): List<Ring> = rows
    .filter { it.state is ApprovalState.Open && it.expires > now && (it.canApprove || it.canDeny) }
    .map { Ring(it.id, title(it), place(it.context) ?: Say.phoneBellNoPlace, it.host, it.expires, it.canDeny) }

private fun title(row: ApprovalRow): Text = when (row.op) {
    Op.LOGIN, Op.INFO -> Say.phoneBellAsks(plain(row.app))
    Op.SIGN -> Say.phoneBellSigns(plain(row.app))
    Op.ENROL -> Say.phoneBellEnrols(plain(row.app))
}
