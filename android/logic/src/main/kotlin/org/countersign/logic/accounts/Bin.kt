package org.countersign.logic.accounts

import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Step
import org.countersign.logic.core.AccountCalls
import org.countersign.logic.fault.asking

/** What was deleted in the last thirty days. */
data class BinState(val rows: List<BinLine>, val asksEmpty: Boolean, val loads: Boolean, val notice: Notice?) : Screen

data class BinLine(val id: ULong, val title: String, val subtitle: String, val tile: Tile, val until: ULong)

sealed interface BinEvent {
    data object Changed : BinEvent

    /** Reads what could not be read. */
    data object Retry : BinEvent

    data class Restore(val id: ULong) : BinEvent

    data object Empty : BinEvent

    data class Emptying(val sure: Boolean) : BinEvent

    data class Read(val rows: List<BinLine>) : BinEvent

    data class Failed(val notice: Notice?) : BinEvent
}

private typealias BinStep = Step<BinState, BinEvent>

class BinLogic(private val accounts: AccountCalls) : Logic<BinState, BinEvent> {
    override fun begin(): BinStep = read(BinState(emptyList(), asksEmpty = false, loads = true, notice = null))

    override fun back(state: BinState): BinEvent? = BinEvent.Emptying(sure = false).takeIf { state.asksEmpty }

    override fun on(state: BinState, event: BinEvent): BinStep = when (event) {
        BinEvent.Changed -> read(state)
        BinEvent.Retry -> read(state.copy(loads = true, notice = null))
        is BinEvent.Restore -> change(state) { accounts.restore(listOf(event.id)) }
        BinEvent.Empty -> Step(state.copy(asksEmpty = true))
        is BinEvent.Emptying -> emptying(state.copy(asksEmpty = false), event.sure)
        is BinEvent.Read -> Step(state.copy(rows = event.rows, loads = false))
        is BinEvent.Failed -> Step(state.copy(loads = false, notice = event.notice))
    }

    private fun read(state: BinState): BinStep =
        Step(state, ask = { asking(BinEvent::Failed) { BinEvent.Read(lines()) } })

    private fun lines() = accounts.bin().map { row ->
        val account = row.account
        val tile = Tile(account.initials, account.colour, account.details.icon)
        BinLine(
            account.id,
            title(account),
            account.name.takeIf {
                account.issuer.isNotEmpty()
            }.orEmpty(),
            tile,
            row.until,
        )
    }

    private fun emptying(state: BinState, sure: Boolean): BinStep =
        if (sure) change(state) { accounts.emptyBin() } else Step(state)

    private fun change(state: BinState, call: suspend () -> Unit): BinStep = Step(state.copy(notice = null), ask = {
        asking(BinEvent::Failed) {
            call()
            BinEvent.Read(lines())
        }
    })
}
