package org.countersign.app.shell

import android.content.Context
import android.view.View
import android.widget.PopupMenu
import org.countersign.app.look.say
import org.countersign.bindings.Sort
import org.countersign.logic.accounts.AccountsEvent
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say

private val ORDERS =
    mapOf(
        Sort.MANUAL to Say.phoneAccountsSortManual,
        Sort.NAME to Say.phoneAccountsSortName,
        Sort.USE to Say.phoneAccountsSortUse,
        Sort.CODE to Say.phoneAccountsSortCode,
    )

private val PLACES =
    listOf(
        Say.phonePastTitle to Route.History,
        Say.phoneGatewayTitle to Route.Gateways,
        Say.phoneLedgerTitle to Route.Ledger,
        Say.phoneAccountsBin to Route.Bin,
        Say.phoneSettingsTitle to Route.Settings(null),
        Say.phoneSettingsHelp to Route.Help,
    )

/** The order of the list, and the places beside it. */
internal fun Context.accountsMenu(anchor: View, canUndo: Boolean, go: (Go) -> Unit, send: (AccountsEvent) -> Unit) {
    val menu = PopupMenu(this, anchor)
    if (canUndo) {
        menu.menu.add(say(Say.phoneAccountsUndo)).setOnMenuItemClickListener {
            send(AccountsEvent.Undo)
            true
        }
    }
    val orders = menu.menu.addSubMenu(say(Say.phoneAccountsSort))
    for ((sort, words) in ORDERS) {
        orders.add(say(words)).setOnMenuItemClickListener {
            send(AccountsEvent.SortBy(sort))
            true
        }
    }
    orders.add(say(Say.phoneAccountsOrder)).setOnMenuItemClickListener {
        send(AccountsEvent.Order(on = true))
        true
    }
    for ((words, route) in PLACES) {
        menu.menu.add(say(words)).setOnMenuItemClickListener {
            go(Go.To(route))
            true
        }
    }
    menu.show()
}
