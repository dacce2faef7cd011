package org.countersign.app.screen

import android.content.Context
import android.text.Editable
import android.text.InputType
import android.text.TextWatcher
import android.view.View
import android.widget.ListView
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.column
import org.countersign.app.look.icon
import org.countersign.app.look.input
import org.countersign.app.look.mainButton
import org.countersign.app.look.opensKeyboard
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.sign
import org.countersign.app.look.title
import org.countersign.logic.Notice
import org.countersign.logic.accounts.AccountsEvent
import org.countersign.logic.accounts.AccountsState
import org.countersign.logic.accounts.AddHow
import org.countersign.logic.accounts.Empty
import org.countersign.logic.accounts.Filter
import org.countersign.logic.text.Say
import org.countersign.logic.unlock.Waiting

private const val EMPTY_DP = 72

/** The list of accounts with their codes. */
class AccountsDrawing(
    private val context: Context,
    /** Where the menu hangs, and whether the last change can be taken back. */
    private val onMenu: (View, Boolean) -> Unit,
    private val onEvent: (AccountsEvent) -> Unit,
) : Drawing<AccountsState> {
    private val waiting =
        Part<Waiting?>(context) { it?.let { context.waitingCard(it) { onEvent(AccountsEvent.OpenApproval) } } }
    private val notice =
        Part<Notice?>(context) { it?.let { context.noticeCard(it) { act -> onEvent(AccountsEvent.OnNotice(act)) } } }
    private val filters =
        Part<Pair<List<Filter>, Filter>>(context) { (all, chosen) -> context.filters(all, chosen, onEvent) }
    private val empty = Part<Empty?>(context) { it?.let(::nothing) }
    private val foot = Part<Foot>(context) {
        when (it) {
            Foot.NONE -> null
            Foot.ADD -> add()
            Foot.ORDERED -> ordered()
        }
    }
    private val rows = AccountRows(context, onEvent)
    private var canUndo = false
    private val list =
        ListView(context).apply {
            adapter = rows
            divider = null
            itemsCanFocus = true
            selector = context.getDrawable(android.R.color.transparent)
            layoutParams = rest(isColumn = true)
        }
    private val search = searchField()

    override val view: View =
        with(context) {
            val find = icon(R.drawable.search, say(Say.phoneAccountsSearch)) { toggleSearch() }
            val menu = icon(R.drawable.more, say(Say.phoneAccountsMenu)) { }
            menu.setOnClickListener { onMenu(it, canUndo) }
            val top = column(head(say(Say.phoneAccountsTitle), null, find, menu), search, filters, waiting, notice)
            top.setPadding(px(Space.M), px(Space.S), px(Space.M), px(Space.S))
            foot.setPadding(px(Space.L), 0, px(Space.L), px(Space.S))
            column(top, list, empty, foot).apply { setBackgroundColor(palette.surface) }
        }

    override fun draw(state: AccountsState) {
        canUndo = state.canUndo
        waiting.show(state.waiting)
        notice.show(state.notice)
        filters.show(state.filters to state.chosen)
        empty.show(state.empty)
        empty.layoutParams = rest(isColumn = true)
        // While it is read its place is kept, and nobody stops at it.
        list.visibility =
            when {
                state.empty != null -> View.GONE
                state.loads -> View.INVISIBLE
                else -> View.VISIBLE
            }
        foot.show(
            when {
                state.isOrdering -> Foot.ORDERED
                state.empty == Empty.NO_ACCOUNTS -> Foot.NONE
                else -> Foot.ADD
            },
        )
        rows.show(state)
        rows.tick(list, state.now)
    }

    private fun add(): View = context.mainButton(context.say(Say.phoneAccountsAdd)) {
        onEvent(AccountsEvent.Add(AddHow.SCAN))
    }

    private fun ordered(): View = context.mainButton(context.say(Say.phoneAccountsOrderDone)) {
        onEvent(AccountsEvent.Order(on = false))
    }

    private enum class Foot { NONE, ADD, ORDERED }

    private fun nothing(why: Empty): View = with(context) {
        val words =
            when (why) {
                Empty.NO_ACCOUNTS -> Say.phoneAccountsEmpty
                Empty.NOTHING_FOUND -> Say.phoneAccountsNothingFound
                Empty.GROUP_EMPTY -> Say.phoneAccountsGroupEmpty
            }
        if (why != Empty.NO_ACCOUNTS) return page(null, column(title(say(words))), null)
        val drawing = sign(R.drawable.scan, palette.accent, EMPTY_DP)
        val head = title(say(words)).apply { layoutParams = row(top = Space.L) }
        page(
            null,
            column(drawing, head, below(say(Say.phoneAccountsEmptyAbout))),
            column(
                mainButton(say(Say.phoneAccountsScanQr)) { onEvent(AccountsEvent.Add(AddHow.SCAN)) },
                quietButton(say(Say.phoneAccountsTypeIt)) { onEvent(AccountsEvent.Add(AddHow.TYPE)) },
                quietButton(say(Say.phoneAccountsImport)) { onEvent(AccountsEvent.Add(AddHow.IMPORT)) },
            ),
        )
    }

    private fun toggleSearch() {
        val shows = search.visibility != View.VISIBLE
        search.visibility = if (shows) View.VISIBLE else View.GONE
        if (shows) search.opensKeyboard() else search.text.clear()
    }

    private fun searchField() =
        context.input(InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS).apply {
            hint = context.say(Say.phoneAccountsSearch)
            setHintTextColor(context.palette.ink2)
            visibility = View.GONE
            addTextChangedListener(Changed { onEvent(AccountsEvent.Search(it)) })
        }
}

/** Hears what is typed. */
internal class Changed(private val onText: (String) -> Unit) : TextWatcher {
    override fun beforeTextChanged(text: CharSequence, start: Int, count: Int, after: Int) = Unit

    override fun onTextChanged(text: CharSequence, start: Int, before: Int, count: Int) = Unit

    override fun afterTextChanged(text: Editable) = onText(text.toString())
}
