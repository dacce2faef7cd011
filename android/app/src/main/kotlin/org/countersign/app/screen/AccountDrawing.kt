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
import org.countersign.app.look.tile
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.accounts.AccountEvent
import org.countersign.logic.accounts.AccountLine
import org.countersign.logic.accounts.AccountMark
import org.countersign.logic.accounts.AccountState
import org.countersign.logic.accounts.Fact
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
    private val code = Part<Pair<AccountLine, Boolean>?>(context) { it?.let { (line, copied) -> code(line, copied) } }
    private val facts = Part<Pair<List<Fact>, String>>(context) { (facts, note) -> context.facts(facts, note) }
    private val marks = Part<Triple<Boolean, Boolean, Boolean>>(context, ::marks)
    private val body = context.column(notice, code, marks, facts)
    private val gone = Part<Boolean>(context) { if (it) context.words(context.say(Say.phoneAccountsGone)) else null }
    private val foot = Part<Foot>(context, ::footOf)

    override val view: View =
        with(context) {
            val edit = icon(R.drawable.edit, say(Say.phoneAccountsEdit)) { onEvent(AccountEvent.Edit) }
            page(head("", onBack, edit), column(gone, body), foot)
        }

    private data class Foot(val asks: Text?, val isGone: Boolean, val canBurn: Boolean)

    override fun draw(state: AccountState) {
        val line = state.line
        notice.show(state.notice)
        gone.show(state.isGone)
        body.visibility = if (line == null) View.GONE else View.VISIBLE
        foot.show(Foot(asks(state), line == null, state.canBurn))
        if (line == null) return
        code.show(line to (state.opened.copied != null))
        marks.show(Triple(line.isFavourite, line.isPinned, state.isHidden))
        facts.show(state.facts to state.note)
        ticking?.tick(state.now)
    }

    private fun asks(state: AccountState): Text? =
        state.line?.takeIf { state.asksDelete }?.let { Say.phoneAccountsDeleteAsk(plain(it.title)) }

    private fun code(account: AccountLine, copied: Boolean): View = with(context) {
        val figure = figure(account.figure, copied, Type.DIGITS).also { ticking = it }
        val who = account.subtitle.takeIf { it.isNotEmpty() }?.let { words(it, colour = palette.ink2) }
        val name = column(words(account.title, Type.TITLE), who).apply {
            layoutParams = rest()
            setPaddingRelative(px(Space.M), 0, 0, 0)
        }
        val large = line(figure.view).apply {
            gravity = Gravity.CENTER
            background = pressed(box(palette.raised, border = palette.line), palette.accent)
            minimumHeight = px(Space.TARGET)
            setPadding(px(Space.L), px(Space.XL), px(Space.L), px(Space.XL))
            layoutParams = row(top = Space.L)
            contentDescription = figure.spoken
            setOnClickListener { onEvent(AccountEvent.Tap) }
        }
        column(line(tile(account.tile), name), large)
    }

    private fun marks(on: Triple<Boolean, Boolean, Boolean>): View = with(context) {
        column(
            mark(Say.phoneAccountsFavourite, on.first, AccountMark.FAVOURITE),
            mark(Say.phoneAccountsPinned, on.second, AccountMark.PINNED),
            mark(Say.phoneAccountsHidden, on.third, AccountMark.HIDDEN),
        ).apply { layoutParams = row(top = Space.L) }
    }

    private fun Context.mark(name: Text, on: Boolean, mark: AccountMark): View = Switch(this).apply {
        text = say(name)
        look(Type.TEXT, palette.ink)
        isChecked = on
        minHeight = px(Space.TARGET)
        layoutParams = row()
        setOnCheckedChangeListener { _, now -> onEvent(AccountEvent.Mark(mark, now)) }
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
