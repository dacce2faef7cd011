package org.countersign.logic.accounts

import org.countersign.bindings.Codes
import org.countersign.bindings.GroupRow
import org.countersign.bindings.Sort
import org.countersign.bindings.TagRow
import org.countersign.bindings.VaultReport
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.text.Digits

sealed interface AccountsEvent {
    /** A second went by, or the time that a code lives. */
    data object Tick : AccountsEvent

    /** Something changed in the core. */
    data object Changed : AccountsEvent

    data class Search(val words: String) : AccountsEvent

    data class Choose(val filter: Filter) : AccountsEvent

    data class SortBy(val sort: Sort) : AccountsEvent

    /** Copies a code, shows a hidden one, or asks for the next one. */
    data class Tap(val id: ULong) : AccountsEvent

    data class Open(val id: ULong) : AccountsEvent

    data class OpenGateway(val id: String) : AccountsEvent

    data class Favourite(val id: ULong, val favourite: Boolean) : AccountsEvent

    /** Begins to put rows into the person's own order, or ends it. */
    data class Order(val on: Boolean) : AccountsEvent

    /** Moves one row by one place. */
    data class Shift(val id: ULong, val isUp: Boolean) : AccountsEvent

    data object Undo : AccountsEvent

    data object OpenApproval : AccountsEvent

    data class Add(val how: AddHow) : AccountsEvent

    data class OnNotice(val act: Act?) : AccountsEvent

    /** What the core has. It holds codes, and prints none. */
    class Read(
        val codes: Codes,
        val groups: List<GroupRow>,
        val tags: List<TagRow>,
        val canUndo: Boolean,
        val report: VaultReport,
    ) : AccountsEvent

    data class Counted(val id: ULong, val code: Digits) : AccountsEvent

    /** It is noted that a code was copied. */
    data object Noted : AccountsEvent

    /** What was asked for is done; the list is read again. */
    data object Done : AccountsEvent

    data class Failed(val notice: Notice?) : AccountsEvent
}

enum class AddHow { SCAN, TYPE, IMPORT }
