package org.countersign.logic.widget

import org.countersign.bindings.AccountQuery
import org.countersign.bindings.Sort
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.Screen
import org.countersign.logic.Step
import org.countersign.logic.accounts.title
import org.countersign.logic.core.AccountCalls
import org.countersign.logic.fault.asking

/** As many names stand on the home screen at most. */
const val WIDGET_MOST = 6

/** A name on the home screen. It stands outside the vault, so it is there by a choice alone; no code and no key ever is. */
data class WidgetName(val id: ULong, val title: String)

/** Where the names of the home screen are kept. */
interface WidgetNames {
    fun read(): List<WidgetName>

    /** Keeps what [to] makes of them, and has the home screen show it: one change after the other. */
    fun change(to: (List<WidgetName>) -> List<WidgetName>)
}

/** Which accounts have their name on the home screen. */
data class WidgetState(val rows: List<WidgetRow>, val isFull: Boolean, val loads: Boolean, val notice: Notice?) : Screen

data class WidgetRow(val id: ULong, val title: String, val subtitle: String, val isOn: Boolean)

sealed interface WidgetEvent {
    data object Changed : WidgetEvent

    data class Put(val id: ULong, val on: Boolean) : WidgetEvent

    data class Read(val rows: List<WidgetRow>) : WidgetEvent

    data class Failed(val notice: Notice?) : WidgetEvent
}

private typealias WidgetStep = Step<WidgetState, WidgetEvent>

class WidgetLogic(private val accounts: AccountCalls, private val names: WidgetNames, private val now: Now) :
    Logic<WidgetState, WidgetEvent> {
    override fun begin(): WidgetStep = read(WidgetState(emptyList(), isFull = false, loads = true, notice = null))

    override fun on(state: WidgetState, event: WidgetEvent): WidgetStep = when (event) {
        WidgetEvent.Changed -> read(state)
        is WidgetEvent.Put -> put(state, event)
        is WidgetEvent.Read -> Step(drawn(state, event.rows).copy(loads = false))
        is WidgetEvent.Failed -> Step(state.copy(loads = false, notice = event.notice))
    }

    private fun read(state: WidgetState): WidgetStep = Step(state, ask = {
        asking(WidgetEvent::Failed) {
            val chosen = names.read().map { it.id }.toSet()
            WidgetEvent.Read(titled(accounts, now()).map { it.copy(isOn = it.id in chosen) })
        }
    })

    private fun put(state: WidgetState, event: WidgetEvent.Put): WidgetStep {
        if (event.on && state.isFull) return Step(state)
        val rows = state.rows.map { if (it.id == event.id) it.copy(isOn = event.on) else it }
        names.change { rows.filter { it.isOn }.map { WidgetName(it.id, it.title) } }
        return Step(drawn(state, rows))
    }

    private fun drawn(state: WidgetState, rows: List<WidgetRow>) =
        state.copy(rows = rows, isFull = rows.count { it.isOn } >= WIDGET_MOST)
}

/** The names as they are now: what was renamed has its new name, what is gone goes. */
fun WidgetNames.follow(accounts: AccountCalls, now: ULong) {
    if (read().isEmpty()) return
    val there = titled(accounts, now).associateBy { it.id }
    // What was taken away while the vault was asked stays away.
    change { names -> names.mapNotNull { name -> there[name.id]?.let { WidgetName(it.id, it.title) } } }
}

private fun titled(accounts: AccountCalls, now: ULong): List<WidgetRow> = accounts.view(EVERY, now).rows.map { row ->
    val account = row.account
    val beneath = account.name.takeIf { account.issuer.isNotEmpty() }.orEmpty()
    WidgetRow(account.id, title(account), beneath, isOn = false)
}

private val EVERY = AccountQuery(search = "", group = null, tag = null, favourites = false, sort = Sort.MANUAL)
