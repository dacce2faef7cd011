package org.countersign.logic.approval

import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.ApprovalState as CoreState
import org.countersign.bindings.ContextRow
import org.countersign.bindings.NewMark
import org.countersign.bindings.Op
import org.countersign.bindings.Src
import org.countersign.bindings.Staleness
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.text.Country
import org.countersign.logic.text.Lines
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

/** Whether it waits for the person. One that is decided can be refused for a while yet, and waits for nobody. */
internal fun ApprovalRow.waits() = state is CoreState.Open && (canApprove || canDeny)

/** Whether the person can still say that this wasn't them, after it is over. */
internal fun ApprovalRow.canUndo() = state !is CoreState.Open && canRefuse()

internal fun ApprovalRow.canRefuse() = canDeny || canReport

/** What is asked, as it is drawn. */
internal fun asked(row: ApprovalRow) = Asked(
    id = row.id,
    op = row.op,
    title = opTitle(row.op),
    app = row.app,
    host = row.host,
    gateway = row.gateway,
    message = row.msg,
    facts = listOf(account(row.acct, row.acctDiffers)) + contextFacts(row.context),
    stated = Say.tuiStated(plain(row.app)).takeIf { row.context.src != Src.DIRECT },
    digits = row.digits.toInt(),
    expires = row.expires,
    canApprove = row.canApprove,
    canDeny = row.canDeny,
    canReport = row.canReport,
)

internal fun opTitle(op: Op): Text = when (op) {
    Op.LOGIN -> Say.tuiSignInTo
    Op.SIGN -> Say.tuiSignFor
    Op.ENROL -> Say.tuiEnrolFor
    Op.INFO -> Say.tuiNoticeTitle
}

internal fun account(name: String, differs: Boolean) =
    ContextFact(Say.tuiAs, plain(name), isNew = false, remark = Say.tuiOtherAccount.takeIf { differs })

/** Where a sign-in comes from: a line for each thing that is known. */
internal fun contextFacts(context: ContextRow): List<ContextFact> {
    val new = context.new
    val isPlaceNew = NewMark.CC in new || NewMark.FAR in new
    val far = Say.phoneFar.takeIf { NewMark.FAR in new }
    return listOfNotNull(
        place(context)?.let { ContextFact(Say.tuiFrom, it, isPlaceNew, far) },
        network(context)?.let { ContextFact(Say.tuiNetwork, it, NewMark.IP in new) },
        context.ua?.let { ContextFact(Say.tuiWith, plain(it), NewMark.UA in new) },
    )
}

internal fun place(context: ContextRow): Text? {
    val city = context.city?.let(::plain)
    val country = context.cc?.let(::Country)
    return if (city != null && country != null) Say.phonePlace(city, country) else city ?: country
}

private fun network(context: ContextRow): Text? {
    val lines = listOfNotNull(context.asn, context.ip).map(::plain)
    return if (lines.size > 1) Lines(lines) else lines.firstOrNull()
}

/** Why nothing can be approved at this gateway now; denying and reporting work. */
internal fun staleNotice(stale: Staleness?): Notice? = when (stale) {
    null -> null
    Staleness.OLD -> Notice(Say.errorMetadataExpired, Act.RETRY, tone = Tone.WARN)
    Staleness.CLOCK -> Notice(Say.phoneClockFar, Act.SET_CLOCK, tone = Tone.WARN)
    Staleness.KEYS -> Notice(Say.errorKeysLost, Act.ENROL_AGAIN, tone = Tone.WARN)
}
