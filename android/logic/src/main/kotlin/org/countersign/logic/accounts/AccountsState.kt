package org.countersign.logic.accounts

import org.countersign.bindings.AccountIcon
import org.countersign.bindings.Sort
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Text
import org.countersign.logic.unlock.Waiting

/** The list of accounts. */
data class AccountsState(
    /** The moment that is drawn, in Unix time. */
    val now: ULong,
    val rows: List<AccountLine>,
    /** Enrolments, which stand in the same list. */
    val gateways: List<GatewayLine>,
    /** Groups to choose from; the chosen one alone is shown. */
    val filters: List<Filter>,
    val chosen: Filter,
    val search: String,
    val sort: Sort,
    /** Rows are being put into the person's own order: each can go up and down. */
    val isOrdering: Boolean,
    /** Nothing is there to be shown, and why. */
    val empty: Empty?,
    /** The first reading is not back yet: the place of the rows is kept. */
    val loads: Boolean,
    /** What taps have opened; where a code was copied a short word stands. */
    val opened: Opened,
    val canUndo: Boolean,
    val waiting: Waiting?,
    /** When to send [AccountsEvent.Tick] at the latest for the codes to be right; a ring wants it each second. */
    val nextChange: ULong?,
    val notice: Notice?,
) : Screen

/** One account as it stands in the list. */
data class AccountLine(
    val id: ULong,
    /** Who issued it; its name where nobody is known. */
    val title: String,
    val subtitle: String,
    val tile: Tile,
    val figure: Figure,
    val isFavourite: Boolean,
    val isPinned: Boolean,
)

/** What is drawn beside an account: a picture, or its initials on their colour. */
data class Tile(
    val initials: String,
    /** 0xRRGGBB. */
    val colour: UInt,
    val icon: AccountIcon?,
)

/** What stands where the code stands. */
sealed interface Figure {
    data class Live(val code: Digits, val next: Digits?, val since: ULong, val until: ULong) : Figure

    /** Tapped, it is shown for ten seconds. The state does not hold the code. */
    data class Hidden(val digits: Int) : Figure

    /** Each code is used once: a button asks for the next one. [code] is the one that was asked for last. */
    data class Counted(val code: Digits?, val waits: Boolean) : Figure

    /** It cannot be read. */
    data object Damaged : Figure
}

/** One enrolment as it stands in the list, under the word *Approvals*. */
data class GatewayLine(val id: String, val name: String, val host: String, val state: Text, val needsCare: Boolean)

/** Which accounts are shown. */
sealed interface Filter {
    data object All : Filter

    data object Favourites : Filter

    data class Group(val id: ULong, val name: String) : Filter

    data class Tag(val name: String) : Filter
}

/** Why nothing is shown. */
enum class Empty { NO_ACCOUNTS, NOTHING_FOUND, GROUP_EMPTY }
