package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.widget.FrameLayout
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.field
import org.countersign.app.look.line
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.secret
import org.countersign.app.look.secretInput
import org.countersign.app.look.sign
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.burn.LedgerEvent
import org.countersign.logic.burn.LedgerLine
import org.countersign.logic.burn.LedgerState
import org.countersign.logic.text.Moment
import org.countersign.logic.text.Say

/** What is in which token. */
class LedgerDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (LedgerEvent) -> Unit,
) : Drawing<LedgerState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val shareNotice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val rows =
        Part<Pair<List<LedgerLine>, ULong?>?>(context) { it?.let { (lines, removing) -> rows(lines, removing) } }
    private val foot = Part<Pair<Boolean, Boolean>>(context) { (removes, canShare) -> foot(removes, canShare) }
    private val password = context.secretInput()
    private val seal = context.mainButton(context.say(Say.phoneLedgerShareSealed)) {
        onEvent(LedgerEvent.Sealed(password.secret()))
        password.text.clear()
    }
    private val list = with(context) { page(head(say(Say.phoneLedgerTitle), onBack), column(notice, rows), foot) }
    private val share = sharePage()

    override val view: View =
        FrameLayout(context).apply {
            setBackgroundColor(context.palette.surface)
            addView(list)
            addView(share)
        }

    override fun draw(state: LedgerState) {
        notice.show(state.notice)
        rows.show((state.rows to state.removing).takeIf { !state.loads || state.rows.isNotEmpty() })
        foot.show((state.removing != null) to state.rows.isNotEmpty())
        list.visibility = if (state.share == null) View.VISIBLE else View.GONE
        share.visibility = if (state.share == null) View.GONE else View.VISIBLE
        if (state.share == null) password.text.clear()
        shareNotice.show(state.share?.notice)
        seal.isEnabled = state.share?.waits != true
    }

    private fun rows(lines: List<LedgerLine>, removing: ULong?): View = with(context) {
        if (lines.isEmpty()) return words(say(Say.phoneLedgerEmpty), colour = palette.ink2)
        column(*lines.map { one(it, isMeant = it.id != null && it.id == removing) }.toTypedArray())
    }

    private fun one(token: LedgerLine, isMeant: Boolean): View = with(context) {
        val (drawing, colour) = shape(token.proof)
        val word = words(say(token.word), Type.SMALL, colour)
        val text = column(
            words(say(token.owner)),
            words(say(token.token), Type.SMALL, palette.ink2),
            words(say(Moment(token.writtenAt)), Type.SMALL, palette.ink2),
            word,
        ).apply {
            layoutParams = rest()
            setPaddingRelative(px(Space.M), 0, 0, 0)
        }
        val remove = token.id?.let { id ->
            quietButton(say(Say.phoneLedgerRemove), palette.ink2) { onEvent(LedgerEvent.Remove(id)) }
        }
        card(line(sign(drawing, colour), text), remove.takeIf { !isMeant }).apply {
            if (isMeant) {
                background =
                    box(palette.tint, border = palette.ink2)
            }
        }
    }

    private fun foot(removes: Boolean, canShare: Boolean): View? = with(context) {
        when {
            removes -> asks(Say.phoneLedgerRemoveAsk, Say.phoneLedgerRemove) { onEvent(LedgerEvent.Removing(it)) }
            canShare -> quietButton(say(Say.phoneLedgerShare)) { onEvent(LedgerEvent.Share) }
            else -> null
        }
    }

    /** The seeds leave under a password; the list alone has none. */
    private fun sharePage(): View = with(context) {
        page(
            head(say(Say.phoneLedgerShare), { onEvent(LedgerEvent.Close) }),
            column(
                words(say(Say.phoneLedgerShareAbout), colour = palette.ink2),
                field(say(Say.phoneLedgerPassword), password),
                shareNotice,
            ),
            column(seal, quietButton(say(Say.phoneLedgerShareInventory)) { onEvent(LedgerEvent.Inventory) }),
        )
    }
}
