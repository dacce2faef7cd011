package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.line
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.say
import org.countersign.app.look.tile
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.accounts.BinEvent
import org.countersign.logic.accounts.BinLine
import org.countersign.logic.accounts.BinState
import org.countersign.logic.text.Day
import org.countersign.logic.text.Say

/** What was deleted in the last thirty days: each can be brought back. */
class BinDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (BinEvent) -> Unit,
) : Drawing<BinState> {
    private val notice =
        Part<Notice?>(context) { it?.let { context.noticeCard(it, onRetry = { onEvent(BinEvent.Retry) }) } }
    private val rows = Part<List<BinLine>>(context) { all -> context.column(*all.map(::one).toTypedArray()) }
    private val empty = Part<Boolean>(context) {
        if (it) context.words(context.say(Say.phoneAccountsBinEmpty), colour = context.palette.ink2) else null
    }
    private val foot = Part<Pair<Boolean, Boolean>>(context) { (hasAny, isAsked) -> foot(hasAny, isAsked) }

    override val view: View =
        with(context) { page(head(say(Say.phoneAccountsBin), onBack), column(notice, rows, empty), foot) }

    override fun draw(state: BinState) {
        notice.show(state.notice)
        rows.show(state.rows)
        empty.show(state.rows.isEmpty() && !state.loads)
        foot.show(state.rows.isNotEmpty() to state.asksEmpty)
    }

    private fun one(bin: BinLine): View = with(context) {
        val until = words(say(Say.phoneAccountsBinUntil(Day(bin.until))), Type.SMALL, palette.ink2)
        val who = bin.subtitle.takeIf { it.isNotEmpty() }?.let { words(it, Type.SMALL, palette.ink2) }
        val text = column(words(bin.title), who, until).apply {
            layoutParams = rest()
            setPaddingRelative(px(Space.M), 0, 0, 0)
        }
        // A screen reader hears which one it brings back.
        val restore = quietButton(say(Say.phoneAccountsRestore)) { onEvent(BinEvent.Restore(bin.id)) }.apply {
            contentDescription = "${say(Say.phoneAccountsRestore)}: ${bin.title} ${bin.subtitle}".trim()
        }
        card(line(tile(bin.tile), text), restore)
    }

    private fun foot(hasAny: Boolean, isAsked: Boolean): View? = with(context) {
        when {
            !hasAny -> null
            isAsked -> asks(Say.phoneAccountsBinAsk, Say.phoneAccountsBinClear) { onEvent(BinEvent.Emptying(it)) }
            else -> quietButton(say(Say.phoneAccountsBinClear), palette.danger) { onEvent(BinEvent.Empty) }
        }
    }
}
