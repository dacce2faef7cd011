package org.countersign.logic.accounts

import org.countersign.bindings.AccountKind
import org.countersign.bindings.AccountRow
import org.countersign.bindings.CodeRow
import org.countersign.bindings.DamagedRow
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.GatewayState
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Preferences
import org.countersign.logic.Tone
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.span

/** An account as it is drawn. A code that is hidden is not in it. */
internal fun accountLine(row: CodeRow, likes: Preferences, opened: Opened): AccountLine {
    val account = row.account
    return AccountLine(
        id = account.id,
        title = title(account),
        subtitle = if (account.issuer.isEmpty()) "" else account.name,
        tile = Tile(account.initials, account.colour, account.details.icon),
        figure = figure(row, likes, opened),
        isFavourite = account.details.favourite,
        isPinned = account.details.pinned,
    )
}

internal fun title(account: AccountRow): String = account.issuer.ifEmpty { account.name }

internal fun figure(row: CodeRow, likes: Preferences, opened: Opened): Figure {
    val account = row.account
    val isHidden = (account.details.hidden || likes.hideAll) && account.id !in opened.shown
    val live = row.live
    return when {
        account.kind is AccountKind.Hotp -> {
            val asked = opened.counted[account.id]
            Figure.Counted(asked?.code, waits = asked != null && asked.code == null)
        }

        live == null -> {
            Figure.Damaged
        }

        isHidden -> {
            Figure.Hidden(account.digits.toInt())
        }

        else -> {
            Figure.Live(Digits(live.code), Digits(live.next).takeIf { likes.showNext }, live.since, live.until)
        }
    }
}

/** An account that cannot be read, by what is left of its names. */
internal fun damagedLine(row: DamagedRow): AccountLine {
    val label = row.label
    return AccountLine(
        id = row.id,
        title = label?.let(::title).orEmpty(),
        subtitle = label?.name.orEmpty(),
        tile = Tile(label?.initials ?: "?", label?.colour ?: NO_COLOUR, null),
        figure = Figure.Damaged,
        isFavourite = false,
        isPinned = false,
    )
}

private const val NO_COLOUR = 0x3D4A5Cu

internal fun gatewayLine(row: GatewayRow) = GatewayLine(
    row.id,
    row.name.ifEmpty { row.host },
    row.host,
    gatewayWord(row.state),
    row.state !is GatewayState.Active,
)

/** How far an enrolment is, in a word. */
fun gatewayWord(state: GatewayState): Text = when (state) {
    is GatewayState.Asking -> Say.tuiStateJoining
    is GatewayState.Pending -> Say.tuiStatePending
    is GatewayState.Active -> Say.tuiStateActive
    is GatewayState.Suspended -> Say.tuiStateSuspended
    is GatewayState.Gone -> Say.tuiStateGone
    is GatewayState.KeysGone -> Say.tuiStateKeysGone
    is GatewayState.Damaged -> Say.tuiDamaged
}

/** From here on a code may be refused. */
private const val CLOCK_OFF_S = 30L

/** The phone's clock is so far from a gateway's that codes may be refused. */
fun clockNotice(ahead: Long?): Notice? = when {
    ahead == null || ahead in -CLOCK_OFF_S..CLOCK_OFF_S -> null
    ahead > 0 -> Notice(Say.phoneClockFast(span(ahead.toULong())), Act.SET_CLOCK, tone = Tone.WARN)
    else -> Notice(Say.phoneClockSlow(span((-ahead).toULong())), Act.SET_CLOCK, tone = Tone.WARN)
}
