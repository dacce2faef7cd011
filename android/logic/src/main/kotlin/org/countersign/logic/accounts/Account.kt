package org.countersign.logic.accounts

import org.countersign.bindings.AccountEdit
import org.countersign.bindings.AccountKind
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.AccountRow
import org.countersign.bindings.CodeRow
import org.countersign.bindings.Sort
import org.countersign.logic.Keep
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.Screen
import org.countersign.logic.Step
import org.countersign.logic.Wish
import org.countersign.logic.core.AccountCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Day
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Moment
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count
import org.countersign.logic.text.plain

/** One account, its code large. */
data class AccountState(
    val now: ULong,
    /** None until it was read, and when it is gone. */
    val line: AccountLine?,
    val opened: Opened,
    val isHidden: Boolean,
    val note: String,
    /** What else is known of it: a word and its value, in the order in which they are shown. */
    val facts: List<Fact>,
    val isGone: Boolean,
    /** It is there and can't be read. */
    val isDamaged: Boolean,
    /** It is asked whether the account shall go. */
    val asksDelete: Boolean,
    /** It can be written into a hardware token. */
    val canBurn: Boolean,
    val notice: Notice?,
) : Screen

/** A word and its value. */
data class Fact(val name: Text, val value: Text)

sealed interface AccountEvent {
    data object Tick : AccountEvent

    data object Changed : AccountEvent

    /** Copies the code, shows a hidden one, or asks for the next one. */
    data object Tap : AccountEvent

    data object CopyNext : AccountEvent

    data object Edit : AccountEvent

    data object Burn : AccountEvent

    data class Mark(val mark: AccountMark, val on: Boolean) : AccountEvent

    data object Delete : AccountEvent

    data class Deleting(val sure: Boolean) : AccountEvent

    data object Deleted : AccountEvent

    /** What the core has of it; none where it is gone. It holds a code, and prints none. */
    class Read(val row: CodeRow?, val groups: List<String>, val note: String, val isDamaged: Boolean = false) :
        AccountEvent

    data class Counted(val code: Digits) : AccountEvent

    data object Noted : AccountEvent

    data object Done : AccountEvent

    data class Failed(val notice: Notice?) : AccountEvent
}

/** What a person marks an account with. */
enum class AccountMark { FAVOURITE, PINNED, HIDDEN }

private typealias AccountStep = Step<AccountState, AccountEvent>

class AccountLogic(
    private val id: ULong,
    private val accounts: AccountCalls,
    private val keep: Keep,
    private val now: Now,
) : Logic<AccountState, AccountEvent> {
    override fun begin(): AccountStep = read(
        AccountState(
            now = now(),
            line = null,
            opened = Opened(),
            isHidden = false,
            note = "",
            facts = emptyList(),
            isGone = false,
            isDamaged = false,
            asksDelete = false,
            canBurn = false,
            notice = null,
        ),
    )

    override fun back(state: AccountState): AccountEvent? = AccountEvent.Deleting(sure = false).takeIf {
        state.asksDelete
    }

    override fun on(state: AccountState, event: AccountEvent): AccountStep = when (event) {
        AccountEvent.Tick -> tick(state)
        AccountEvent.Changed, AccountEvent.Done -> read(state)
        AccountEvent.Tap -> tap(state)
        AccountEvent.CopyNext -> (state.line?.figure as? Figure.Live)?.next?.let { copy(state, it) } ?: Step(state)
        AccountEvent.Edit -> Step(state, go = Go.To(Route.EditAccount(id)))
        AccountEvent.Burn -> Step(state, go = Go.To(Route.Burn(id)).takeIf { state.canBurn })
        is AccountEvent.Mark -> change(state, AccountEvent.Done) { accounts.edit(id, event.edit()) }
        AccountEvent.Delete -> Step(state.copy(asksDelete = true))
        is AccountEvent.Deleting -> deleting(state.copy(asksDelete = false), event.sure)
        AccountEvent.Deleted -> Step(state, go = Go.Back, wish = Wish.Say(Say.phoneDeleted))
        is AccountEvent.Read -> Step(drawn(state, event))
        is AccountEvent.Counted -> read(state.copy(opened = state.opened.count(id, event.code, now())))
        AccountEvent.Noted -> Step(state)
        is AccountEvent.Failed -> read(state.copy(notice = event.notice, opened = state.opened.gaveUp()))
    }

    private fun tick(state: AccountState): AccountStep {
        val at = now()
        val moved = state.copy(now = at, opened = state.opened.at(at))
        val live = state.line?.figure as? Figure.Live
        val isOver = live != null && live.until <= at
        val hasClosed = moved.opened.shown != state.opened.shown || moved.opened.counted != state.opened.counted
        return if (isOver || hasClosed) read(moved) else Step(moved)
    }

    private fun read(state: AccountState): AccountStep {
        val at = now()
        return Step(state.copy(now = at), ask = {
            asking({ AccountEvent.Read(null, emptyList(), "") }) {
                val all = accounts.view(ALL, at)
                val row = all.rows.find { it.account.id == id }
                val groups =
                    accounts
                        .groups()
                        .filter {
                            it.id in
                                row
                                    ?.account
                                    ?.details
                                    ?.groups
                                    .orEmpty()
                        }.map { it.name }
                AccountEvent.Read(
                    row,
                    groups,
                    row?.let {
                        accounts.note(id)
                    }.orEmpty(),
                    all.damaged.any { it.id == id },
                )
            }
        })
    }

    private fun drawn(state: AccountState, read: AccountEvent.Read): AccountState {
        val row = read.row ?: return state.copy(
            line = null,
            isGone = !read.isDamaged,
            isDamaged = read.isDamaged,
            facts = emptyList(),
            note = "",
        )
        val account = row.account
        return state.copy(
            line = accountLine(row, keep.read(), state.opened),
            isHidden = account.details.hidden,
            note = read.note,
            facts = facts(account, read.groups),
            isGone = false,
            isDamaged = false,
            canBurn = account.origin == null && (account.kind is AccountKind.Totp || account.kind is AccountKind.Hotp),
        )
    }

    private fun tap(state: AccountState): AccountStep = when (val figure = state.line?.figure) {
        is Figure.Live -> copy(state, figure.code)
        is Figure.Hidden -> read(state.copy(opened = state.opened.show(id, now())))
        is Figure.Counted -> counted(state, figure)
        Figure.Damaged, null -> Step(state)
    }

    private fun counted(state: AccountState, figure: Figure.Counted): AccountStep = when {
        figure.waits -> {
            Step(state)
        }

        figure.code != null -> {
            copy(state, figure.code)
        }

        else -> {
            val line = state.line?.copy(figure = Figure.Counted(null, waits = true))
            Step(state.copy(opened = state.opened.ask(id), line = line), ask = {
                asking(AccountEvent::Failed) { AccountEvent.Counted(Digits(accounts.nextHotp(id))) }
            })
        }
    }

    private fun copy(state: AccountState, code: Digits): AccountStep = Step(
        state.copy(opened = state.opened.copied(id, now())),
        ask = {
            asking(AccountEvent::Failed) {
                accounts.used(id)
                AccountEvent.Noted
            }
        },
        wish = Wish.All(listOf(Wish.Copy(code, keep.read().clearClipboardAfterS), Wish.Say(Say.phoneCopied))),
    )

    private fun deleting(state: AccountState, sure: Boolean): AccountStep =
        if (sure) change(state, AccountEvent.Deleted) { accounts.delete(id) } else Step(state)

    private fun change(state: AccountState, done: AccountEvent, call: suspend () -> Unit): AccountStep =
        Step(state.copy(notice = null), ask = {
            asking(AccountEvent::Failed) {
                call()
                done
            }
        })
}

private val ALL = AccountQuery(search = "", group = null, tag = null, favourites = false, sort = Sort.MANUAL)

private fun AccountEvent.Mark.edit(): AccountEdit {
    val same = AccountEdit(issuer = null, name = null, note = null)
    return when (mark) {
        AccountMark.FAVOURITE -> same.copy(favourite = on)
        AccountMark.PINNED -> same.copy(pinned = on)
        AccountMark.HIDDEN -> same.copy(hidden = on)
    }
}

private fun facts(account: AccountRow, groups: List<String>): List<Fact> = listOfNotNull(
    Fact(Say.tuiAboutKind, kindText(account)),
    Fact(Say.tuiAboutAlgorithm, plain(account.algorithm.name)),
    groups.takeIf { it.isNotEmpty() }?.let { Fact(Say.tuiAboutGroups, plain(it.joinToString())) },
    account.details.tags
        .takeIf { it.isNotEmpty() }
        ?.let { Fact(Say.tuiAboutTags, plain(it.joinToString())) },
    Fact(Say.tuiAboutAdded, Day(account.created)),
    account.changed.takeIf { it != account.created }?.let { Fact(Say.tuiAboutChanged, Day(it)) },
    account.used.takeIf { it > 0UL }?.let { Fact(Say.accountsUsed, Moment(it)) },
    Fact(Say.tuiAboutUses, count(account.uses)),
)

internal fun kindText(account: AccountRow): Text = when (val kind = account.kind) {
    is AccountKind.Totp -> Say.phoneKindTimed(count(account.digits), count(kind.period))
    is AccountKind.Hotp -> Say.phoneKindCounted(count(account.digits), count(kind.counter))
    is AccountKind.Steam -> Say.tuiKindSteam
    is AccountKind.Yandex -> Say.tuiKindYandex
    is AccountKind.MOtp -> Say.tuiKindMotp
}
