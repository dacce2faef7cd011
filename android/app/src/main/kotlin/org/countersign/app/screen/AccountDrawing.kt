package org.countersign.app.screen

import android.content.Context
import android.view.Gravity
import android.view.View
import android.widget.Switch
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
import org.countersign.app.look.column
import org.countersign.app.look.icon
import org.countersign.app.look.line
import org.countersign.app.look.look
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.pressed
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.speaks
import org.countersign.app.look.tile
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.accounts.AccountEvent
import org.countersign.logic.accounts.AccountLine
import org.countersign.logic.accounts.AccountMark
import org.countersign.logic.accounts.AccountState
import org.countersign.logic.accounts.Fact
import org.countersign.logic.accounts.Figure
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

/** One account, its code large; what else is known of it beneath. */
class AccountDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (AccountEvent) -> Unit,
) : Drawing<AccountState> {
    private var ticking: Ticking? = null
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val name = Part<AccountLine>(context, ::name)
    private val code = Part<Pair<Figure, Boolean>>(context) { (figure, copied) -> figure(figure, copied) }
    private val large = large()
    private val next = Part<Boolean>(context) { if (it) next() else null }
    private val facts = Part<Pair<List<Fact>, String>>(context) { (facts, note) -> context.facts(facts, note) }
    private val favourite = context.mark(Say.phoneAccountsFavourite, AccountMark.FAVOURITE)
    private val pinned = context.mark(Say.phoneAccountsPinned, AccountMark.PINNED)
    private val hidden = context.mark(Say.phoneAccountsHidden, AccountMark.HIDDEN)
    private val marks =
        context.column(favourite, pinned, hidden).apply { layoutParams = context.row(top = Space.L) }
    private var draws = false
    private val body = context.column(notice, name, large, next, marks, facts)
    private val gone = Part<Text?>(context) { it?.let { context.words(context.say(it)) } }
    private val foot = Part<Foot>(context, ::footOf)

    private val edit =
        context.icon(R.drawable.edit, context.say(Say.phoneAccountsEdit)) { onEvent(AccountEvent.Edit) }

    override val view: View =
        with(context) {
            page(head("", onBack, edit), column(gone, body), foot)
        }

    private data class Foot(val asks: Text?, val isGone: Boolean, val canBurn: Boolean)

    override fun draw(state: AccountState) {
        val line = state.line
        notice.show(state.notice)
        gone.show(
            when {
                state.isDamaged -> Say.phoneAccountsDamagedAbout
                state.isGone -> Say.phoneAccountsGone
                else -> null
            },
        )
        listOf(body, edit).forEach { it.visibility = if (line == null) View.GONE else View.VISIBLE }
        foot.show(Foot(asks(state), line == null, state.canBurn))
        if (line == null) return
        // Who stands on one of these with a screen reader stays there while codes and marks change.
        name.show(line.copy(figure = Figure.Damaged))
        code.show(line.figure to (state.opened.copied != null))
        next.show((line.figure as? Figure.Live)?.next != null)
        draws = true
        favourite.isChecked = line.isFavourite
        pinned.isChecked = line.isPinned
        hidden.isChecked = state.isHidden
        draws = false
        facts.show(state.facts to state.note)
        ticking?.tick(state.now)
    }

    private fun asks(state: AccountState): Text? =
        state.line?.takeIf { state.asksDelete }?.let { Say.phoneAccountsDeleteAsk(plain(it.title)) }

    private fun figure(figure: Figure, copied: Boolean): View {
        val drawn = context.figure(figure, copied, Type.DIGITS).also { ticking = it }
        large.contentDescription = drawn.spoken
        return drawn.view
    }

    private fun name(account: AccountLine): View = with(context) {
        val who = account.subtitle.takeIf { it.isNotEmpty() }?.let { words(it, colour = palette.ink2) }
        val name = column(words(account.title, Type.TITLE), who).apply {
            layoutParams = rest()
            setPaddingRelative(px(Space.M), 0, 0, 0)
        }
        line(tile(account.tile), name)
    }

    private fun large(): View = with(context) {
        line(code).apply {
            gravity = Gravity.CENTER
            background = pressed(box(palette.raised, border = palette.line), palette.accent)
            minimumHeight = px(Space.TARGET)
            setPadding(px(Space.L), px(Space.XL), px(Space.L), px(Space.XL))
            layoutParams = row(top = Space.L)
            speaks { listOfNotNull(contentDescription, ticking?.left?.invoke()).joinToString(", ") }
            setOnClickListener { onEvent(AccountEvent.Tap) }
        }
    }

    private fun next(): View =
        context.quietButton(context.say(Say.phoneAccountsCopyNext)) { onEvent(AccountEvent.CopyNext) }

    private fun Context.mark(name: Text, mark: AccountMark): Switch = Switch(this).apply {
        text = say(name)
        look(Type.TEXT, palette.ink)
        minHeight = px(Space.TARGET)
        layoutParams = row()
        setOnCheckedChangeListener { _, now -> if (!draws) onEvent(AccountEvent.Mark(mark, now)) }
    }

    private fun footOf(foot: Foot): View? = with(context) {
        val asks = foot.asks
        if (foot.isGone) return null
        if (asks == null) {
            val burn = quietButton(say(Say.phoneAccountsBurn)) {
                onEvent(AccountEvent.Burn)
            }.takeIf { foot.canBurn }
            column(burn, quietButton(say(Say.phoneAccountsDelete), palette.danger) { onEvent(AccountEvent.Delete) })
        } else {
            column(
                words(say(asks)).apply { layoutParams = row(top = Space.L) },
                mainButton(say(Say.phoneAccountsDelete), palette.danger) { onEvent(AccountEvent.Deleting(true)) },
                quietButton(say(Say.phoneCancel)) { onEvent(AccountEvent.Deleting(false)) },
            )
        }
    }
}

/** Words and their values, and the person's own words at the end. */
internal fun Context.facts(facts: List<Fact>, note: String): View {
    val all =
        facts.map { say(it.name) to say(it.value) } +
            listOf(say(Say.phoneAccountsNote) to note).filter { note.isNotEmpty() }
    val rows = all.map { (name, value) ->
        column(words(name, Type.SMALL, palette.ink2), words(value)).apply { layoutParams = row(top = Space.M) }
    }
    return column(*rows.toTypedArray())
}
