package org.countersign.logic.accounts

import org.countersign.bindings.AccountEdit
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.Sort
import org.countersign.logic.Act
import org.countersign.logic.Keep
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.SettingsPage
import org.countersign.logic.Step
import org.countersign.logic.Wish
import org.countersign.logic.bell.BellCalls
import org.countersign.logic.bell.gravest
import org.countersign.logic.core.AccountCalls
import org.countersign.logic.core.ApprovalCalls
import org.countersign.logic.core.GatewayCalls
import org.countersign.logic.core.VaultCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.step
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.unlock.damageNotice
import org.countersign.logic.unlock.waiting

private typealias AccountsStep = Step<AccountsState, AccountsEvent>

/** The rules of the list. */
class AccountsLogic(
    private val accounts: AccountCalls,
    private val vault: VaultCalls,
    private val approvals: ApprovalCalls,
    private val gateways: GatewayCalls,
    private val keep: Keep,
    private val bells: BellCalls,
    private val now: Now,
) : Logic<AccountsState, AccountsEvent> {
    override fun begin(): AccountsStep {
        val sort = keep.read().sort
        val first =
            AccountsState(
                now = now(),
                rows = emptyList(),
                gateways = emptyList(),
                filters = listOf(Filter.All),
                chosen = Filter.All,
                search = "",
                sort = sort,
                isOrdering = false,
                empty = null,
                loads = true,
                opened = Opened(),
                canUndo = false,
                waiting = null,
                nextChange = null,
                notice = null,
            )
        return read(first)
    }

    override fun back(state: AccountsState): AccountsEvent? = when {
        state.isOrdering -> AccountsEvent.Order(on = false)
        state.search.isNotEmpty() -> AccountsEvent.Search("")
        state.chosen != Filter.All -> AccountsEvent.Choose(Filter.All)
        else -> null
    }

    override fun on(state: AccountsState, event: AccountsEvent): AccountsStep = when (event) {
        AccountsEvent.Tick -> tick(state)
        AccountsEvent.Changed, AccountsEvent.Done -> read(state)
        is AccountsEvent.Search -> read(state.copy(search = event.words))
        is AccountsEvent.Choose -> read(state.copy(chosen = event.filter))
        is AccountsEvent.SortBy -> sort(state, event.sort)
        is AccountsEvent.Tap -> tap(state, event.id)
        is AccountsEvent.Open -> Step(state, go = Go.To(Route.Account(event.id)))
        is AccountsEvent.OpenGateway -> Step(state, go = Go.To(Route.Gateway(event.id)))
        is AccountsEvent.Favourite -> change(state) { accounts.edit(event.id, favourite(event.favourite)) }
        is AccountsEvent.Order -> order(state, event.on)
        is AccountsEvent.Shift -> shift(state, event)
        AccountsEvent.Undo -> change(state) { accounts.undo() }
        AccountsEvent.OpenApproval -> Step(state, go = state.waiting?.let { Go.To(Route.Approval(it.first)) })
        is AccountsEvent.Add -> Step(state, go = Go.To(place(event.how)))
        is AccountsEvent.OnNotice -> onNotice(state, event.act)
        is AccountsEvent.Read -> drawn(state, event)
        is AccountsEvent.Counted -> read(state.copy(opened = state.opened.count(event.id, event.code, now())))
        AccountsEvent.Noted -> Step(state)
        is AccountsEvent.Failed -> failed(state, event.notice)
    }

    /** Between two codes only the time moves on; after one, or when something that was open closes, the list is read again. */
    private fun tick(state: AccountsState): AccountsStep {
        val at = now()
        val moved = state.copy(now = at, opened = state.opened.at(at))
        val isOver = state.nextChange?.let { it <= at } ?: false
        val hasClosed = moved.opened.shown != state.opened.shown || moved.opened.counted != state.opened.counted
        return if (isOver || hasClosed) read(moved) else Step(moved)
    }

    private fun read(state: AccountsState): AccountsStep {
        val at = now()
        val query = query(state)
        return Step(state.copy(now = at), ask = {
            asking(AccountsEvent::Failed) {
                val codes = accounts.view(query, at)
                AccountsEvent.Read(codes, accounts.groups(), accounts.tags(), accounts.canUndo(), vault.vaultReport())
            }
        })
    }

    private fun drawn(state: AccountsState, read: AccountsEvent.Read): AccountsStep {
        val likes = keep.read()
        val rows = read.codes.damaged.map(::damagedLine) + read.codes.rows.map { accountLine(it, likes, state.opened) }
        val enrolled = if (isWhole(state)) gateways.gateways().map(::gatewayLine) else emptyList()
        val filters = filters(read)
        val next =
            state.copy(
                rows = rows,
                gateways = enrolled,
                filters = filters,
                chosen = state.chosen.takeIf { it in filters } ?: Filter.All,
                empty = if (rows.isEmpty() && enrolled.isEmpty()) emptiness(state) else null,
                loads = false,
                canUndo = read.canUndo,
                waiting = waiting(approvals),
                nextChange = read.codes.nextChange,
                notice = damageNotice(read.report)
                    ?: clockNotice(read.codes.clockAhead)
                    ?: state.notice.takeIf { it?.act !in STANDING }
                    ?: gravest(bells.facts()),
            )
        // The group that was shown is gone: the list of all is another query.
        return if (next.chosen == state.chosen) Step(next) else read(next)
    }

    private fun tap(state: AccountsState, id: ULong): AccountsStep =
        when (val figure = state.rows.find { it.id == id }?.figure) {
            is Figure.Live -> copy(state, id, figure.code)
            is Figure.Hidden -> read(state.copy(opened = state.opened.show(id, now())))
            is Figure.Counted -> countedTap(state, id, figure)
            Figure.Damaged -> Step(state, go = Go.To(Route.Account(id)))
            null -> Step(state)
        }

    private fun copy(state: AccountsState, id: ULong, code: Digits): AccountsStep = Step(
        state.copy(opened = state.opened.copied(id, now())),
        ask = {
            asking(AccountsEvent::Failed) {
                accounts.used(id)
                AccountsEvent.Noted
            }
        },
        wish = Wish.All(listOf(Wish.Copy(code, keep.read().clearClipboardAfterS), Wish.Say(Say.phoneCopied))),
    )

    private fun countedTap(state: AccountsState, id: ULong, figure: Figure.Counted): AccountsStep = when {
        figure.waits -> Step(state)
        figure.code != null -> copy(state, id, figure.code)
        else -> nextCode(state, id)
    }

    private fun nextCode(state: AccountsState, id: ULong): AccountsStep {
        val opened = state.opened.ask(id)
        val rows = state.rows.map { if (it.id == id) it.copy(figure = Figure.Counted(null, waits = true)) else it }
        return Step(state.copy(opened = opened, rows = rows), ask = {
            asking(AccountsEvent::Failed) { AccountsEvent.Counted(id, Digits(accounts.nextHotp(id))) }
        })
    }

    private fun failed(state: AccountsState, notice: Notice?): AccountsStep {
        val rows =
            state.rows.map {
                if (it.figure is Figure.Counted) {
                    it.copy(
                        figure = it.figure.copy(waits = false),
                    )
                } else {
                    it
                }
            }
        return Step(state.copy(loads = false, notice = notice, rows = rows, opened = state.opened.gaveUp()))
    }

    private fun sort(state: AccountsState, sort: Sort): AccountsStep {
        keep.write(keep.read().copy(sort = sort))
        return read(state.copy(sort = sort))
    }

    /** One's own order is of all accounts. */
    private fun order(state: AccountsState, on: Boolean): AccountsStep = if (on) {
        sort(state.copy(isOrdering = true, search = "", chosen = Filter.All), Sort.MANUAL)
    } else {
        Step(state.copy(isOrdering = false))
    }

    private fun shift(state: AccountsState, event: AccountsEvent.Shift): AccountsStep {
        val ids = state.rows.filter { it.figure != Figure.Damaged }.map { it.id }
        val at = ids.indexOf(event.id)
        val isAtEnd = at < 0 || (if (event.isUp) at == 0 else at == ids.lastIndex)
        if (!state.isOrdering || isAtEnd) return Step(state)
        val before = if (event.isUp) ids[at - 1] else ids.getOrNull(at + 2)
        return change(state) { accounts.move(event.id, before) }
    }

    private fun change(state: AccountsState, call: suspend () -> Unit): AccountsStep =
        Step(state.copy(notice = null), ask = {
            asking(AccountsEvent::Failed) {
                call()
                AccountsEvent.Done
            }
        })

    private fun onNotice(state: AccountsState, act: Act?): AccountsStep = when (act) {
        null -> Step(state.copy(notice = null))
        Act.RETRY -> read(state.copy(notice = null))
        else -> act.step(state)
    }
}

/** What is seen anew at each reading, and goes when it is mended. */
private val STANDING = setOf(Act.DAMAGE, Act.SET_CLOCK, Act.BELLS)

private fun query(state: AccountsState) = AccountQuery(
    search = state.search,
    group = (state.chosen as? Filter.Group)?.id,
    tag = (state.chosen as? Filter.Tag)?.name,
    favourites = state.chosen == Filter.Favourites,
    sort = state.sort,
)

private fun isWhole(state: AccountsState) = state.search.isBlank() && state.chosen == Filter.All

private fun emptiness(state: AccountsState): Empty = when {
    state.search.isNotBlank() -> Empty.NOTHING_FOUND
    state.chosen != Filter.All -> Empty.GROUP_EMPTY
    else -> Empty.NO_ACCOUNTS
}

private fun filters(read: AccountsEvent.Read): List<Filter> = listOf(Filter.All, Filter.Favourites) +
    read.groups.sortedBy { it.order }.map { Filter.Group(it.id, it.name) } +
    read.tags.map { Filter.Tag(it.name) }

private fun favourite(chosen: Boolean) = AccountEdit(issuer = null, name = null, note = null, favourite = chosen)

private fun place(how: AddHow): Route = when (how) {
    AddHow.SCAN -> Route.Scan
    AddHow.TYPE -> Route.Manual
    AddHow.IMPORT -> Route.Import
}
