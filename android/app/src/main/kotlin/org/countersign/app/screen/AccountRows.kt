package org.countersign.app.screen

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.Typeface
import android.view.View
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.BaseAdapter
import android.widget.HorizontalScrollView
import android.widget.LinearLayout
import android.widget.ListView
import android.widget.TextView
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
import org.countersign.app.look.column
import org.countersign.app.look.icon
import org.countersign.app.look.isNarrow
import org.countersign.app.look.line
import org.countersign.app.look.palette
import org.countersign.app.look.pressed
import org.countersign.app.look.px
import org.countersign.app.look.rest
import org.countersign.app.look.say
import org.countersign.app.look.sign
import org.countersign.app.look.speaks
import org.countersign.app.look.tile
import org.countersign.app.look.words
import org.countersign.logic.accounts.AccountLine
import org.countersign.logic.accounts.AccountsEvent
import org.countersign.logic.accounts.AccountsState
import org.countersign.logic.accounts.Figure
import org.countersign.logic.accounts.Filter
import org.countersign.logic.accounts.GatewayLine
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain

/** The rows of the list: accounts, and enrolments after them. */
class AccountRows(private val context: Context, private val onEvent: (AccountsEvent) -> Unit) : BaseAdapter() {
    private var lines: List<Any> = emptyList()
    private var copied: ULong? = null
    private var isOrdering = false

    /** Draws what changed. */
    fun show(state: AccountsState) {
        val orders = state.isOrdering
        val now = if (orders) state.rows.filter { it.figure != Figure.Damaged } else state.rows + state.gateways
        val word = state.opened.copied?.id
        if (now == lines && word == copied && orders == isOrdering) return
        lines = now
        isOrdering = orders
        copied = word
        notifyDataSetChanged()
    }

    /** Moves the rings that can be seen on to [now]. */
    fun tick(list: ListView, now: ULong) {
        for (place in 0 until list.childCount) (list.getChildAt(place).tag as? Ticking)?.tick(now)
        moment = now
    }

    private var moment = 0UL

    override fun getCount() = lines.size

    override fun getItem(place: Int) = lines[place]

    override fun getItemId(place: Int) = when (val row = lines[place]) {
        is AccountLine -> row.id.toLong()
        else -> (row as GatewayLine).id.hashCode().toLong() or GATEWAY
    }

    /** What a screen reader or a keyboard stands on stays where it is while codes change. */
    override fun hasStableIds() = true

    override fun getView(place: Int, old: View?, parent: ViewGroup): View = when (val row = lines[place]) {
        is AccountLine -> (if (isOrdering) moving(row) else account(row)).also { (it.tag as? Ticking)?.tick(moment) }
        else -> gateway(row as GatewayLine)
    }

    private fun account(row: AccountLine): View = with(context) {
        val isBeneath = isNarrow || row.title.length > LONG
        val figure = figure(row.figure, justCopied = row.id == copied, isBeneath = isBeneath)
        val name = words(row.title).apply { typeface = Typeface.create("sans-serif-medium", Typeface.NORMAL) }
        marks(name, row)
        val who = row.subtitle.takeIf { it.isNotEmpty() }?.let { words(it, Type.SMALL, palette.ink2) }
        val damage = say(Say.phoneAccountsDamaged).takeIf { row.figure == Figure.Damaged }
        val about = damage?.let { words(it, Type.SMALL, palette.warn) } ?: who
        rowOf(tile(row.tile), column(name, about), figure.view, isBeneath).apply {
            tag = figure
            val marked = say(Say.phoneAccountsFavourite).takeIf { row.isFavourite }
            contentDescription =
                listOfNotNull(row.title, row.subtitle.ifEmpty { null }, marked, figure.spoken).joinToString(", ")
            speaks { listOfNotNull(contentDescription, figure.left()).joinToString(", ") }
            isFocusable = true
            setOnClickListener { onEvent(AccountsEvent.Tap(row.id)) }
            setOnLongClickListener {
                onEvent(AccountsEvent.Open(row.id))
                true
            }
        }
    }

    /** A row on its way to its place in the person's own order. */
    private fun moving(row: AccountLine): View = with(context) {
        val name = words(row.title)
        val moves = listOf(true, false).map { isUp ->
            val words = if (isUp) Say.phoneAccountsUp(plain(row.title)) else Say.phoneAccountsDown(plain(row.title))
            icon(if (isUp) R.drawable.up else R.drawable.down, say(words)) {
                onEvent(AccountsEvent.Shift(row.id, isUp))
            }
        }
        rowOf(tile(row.tile), column(name), line(*moves.toTypedArray()), isBeneath = false)
    }

    private fun gateway(row: GatewayLine): View = with(context) {
        val colour = if (row.needsCare) palette.warn else palette.ink2
        val about = words("${row.host} · ${say(row.state)}", Type.SMALL, colour)
        val word = words(say(Say.phoneAccountsApprovals), Type.SMALL, palette.ink2)
        rowOf(
            sign(R.drawable.check, palette.accent, TILE_DP),
            column(words(row.name), about),
            word,
            isNarrow,
        ).apply {
            isFocusable = true
            setOnClickListener { onEvent(AccountsEvent.OpenGateway(row.id)) }
        }
    }

    /** Three things side by side, or the last beneath the second. */
    private fun Context.rowOf(start: View, middle: LinearLayout, end: View, isBeneath: Boolean): LinearLayout {
        middle.layoutParams = rest()
        middle.setPadding(px(Space.M), 0, px(Space.M), 0)
        if (isBeneath) middle.addView(end)
        return line(start, middle, end.takeUnless { isBeneath }).apply {
            minimumHeight = px(Space.TARGET)
            background = pressed(null, palette.ink)
            setPadding(px(Space.L), px(Space.M), px(Space.L), px(Space.M))
        }
    }

    /** What a person marked it with; the row says it in words too. */
    private fun Context.marks(name: TextView, row: AccountLine) {
        val pin = R.drawable.pin.takeIf { row.isPinned } ?: 0
        val star = R.drawable.star.takeIf { row.isFavourite } ?: 0
        if (pin == 0 && star == 0) return
        name.setCompoundDrawablesRelativeWithIntrinsicBounds(pin, 0, star, 0)
        name.compoundDrawablePadding = px(Space.XS)
        name.compoundDrawableTintList = ColorStateList.valueOf(palette.ink2)
        name.layoutParams = LinearLayout.LayoutParams(WRAP_CONTENT, WRAP_CONTENT)
    }

    private companion object {
        const val TILE_DP = 40

        /** No account has such an id: they are counted from one. */
        const val GATEWAY = 1L shl 62

        /** A name of more letters wants the whole width. */
        const val LONG = 24
    }
}

/** Which accounts are shown, one chosen. */
internal fun Context.filters(all: List<Filter>, chosen: Filter, onEvent: (AccountsEvent) -> Unit): View? {
    if (all.size < 2) return null
    val chips = all.map { filter ->
        words(name(filter), Type.TEXT, if (filter == chosen) palette.accent else palette.ink2).apply {
            gravity = android.view.Gravity.CENTER
            minHeight = px(Space.TARGET)
            minWidth = px(Space.TARGET)
            setPadding(px(Space.L), 0, px(Space.L), 0)
            background = pressed(if (filter == chosen) box(palette.tint, Space.XL) else null, palette.accent)
            isSelected = filter == chosen
            setOnClickListener { onEvent(AccountsEvent.Choose(filter)) }
        }
    }
    return HorizontalScrollView(this).apply {
        isHorizontalScrollBarEnabled = false
        addView(line(*chips.toTypedArray()))
    }
}

private fun Context.name(filter: Filter): String = when (filter) {
    Filter.All -> say(Say.phoneAccountsAll)
    Filter.Favourites -> say(Say.phoneAccountsFavourites)
    is Filter.Group -> filter.name
    is Filter.Tag -> "#${filter.name}"
}
