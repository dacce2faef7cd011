package org.countersign.app.screen

import org.countersign.bindings.Algorithm
import org.countersign.bindings.BatchEntry
import org.countersign.bindings.BatchRow
import org.countersign.bindings.Op
import org.countersign.bindings.SeedRow
import org.countersign.bindings.Sort
import org.countersign.bindings.TokenMoving
import org.countersign.logic.accounts.AccountLine
import org.countersign.logic.accounts.AccountState
import org.countersign.logic.accounts.AccountsState
import org.countersign.logic.accounts.Empty
import org.countersign.logic.accounts.Fact
import org.countersign.logic.accounts.Figure
import org.countersign.logic.accounts.Filter
import org.countersign.logic.accounts.GatewayLine
import org.countersign.logic.accounts.Opened
import org.countersign.logic.accounts.Tile
import org.countersign.logic.approval.ApprovalPhase
import org.countersign.logic.approval.ApprovalState
import org.countersign.logic.approval.Asked
import org.countersign.logic.approval.ContextFact
import org.countersign.logic.text.Country
import org.countersign.logic.text.Day
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.countersign.logic.unlock.Waiting

/** 2026-11-23, noon. */
const val NOON = 1_795_435_200UL

private fun line(id: Int, title: String, who: String, colour: UInt, figure: Figure) = AccountLine(
    id.toULong(),
    title,
    who,
    Tile(title.take(2).uppercase(), colour, null),
    figure,
    isFavourite = false,
    isPinned = false,
)

val LIVE = Figure.Live(Digits("492039"), Digits("118402"), NOON - 9UL, NOON + 21UL)

val ACCOUNTS =
    AccountsState(
        now = NOON,
        rows =
            listOf(
                line(1, "GitHub", "mara@example.com", 0x6A3FA0u, LIVE).copy(isFavourite = true),
                line(
                    2,
                    "AWS root",
                    "ops@example.com",
                    0x8A3B12u,
                    Figure.Hidden(6),
                ).copy(isPinned = true, isFavourite = true),
                line(3, "VPN", "mara", 0x1F4E8Cu, Figure.Live(Digits("7734012"), null, NOON - 49UL, NOON + 11UL)),
                line(4, "Bank", "1029384756", 0x2F5D1Eu, Figure.Counted(null, waits = false)),
                line(5, "Old", "", 0x3D4A5Cu, Figure.Damaged),
            ),
        gateways = listOf(GatewayLine("g", "Example Ltd", "gate.example.com", Say.tuiStateActive, needsCare = false)),
        filters = listOf(Filter.All, Filter.Favourites, Filter.Group(1UL, "Work"), Filter.Tag("home")),
        chosen = Filter.All,
        search = "",
        sort = Sort.MANUAL,
        isOrdering = false,
        empty = null,
        loads = false,
        opened = Opened(),
        canUndo = false,
        waiting = null,
        nextChange = NOON + 11UL,
        notice = null,
    )

val ACCOUNTS_EMPTY =
    ACCOUNTS.copy(
        rows = emptyList(),
        gateways = emptyList(),
        filters = listOf(Filter.All, Filter.Favourites),
        empty = Empty.NO_ACCOUNTS,
    )

/** Names as long as they come. */
val ACCOUNTS_LONG =
    ACCOUNTS.copy(
        rows =
            listOf(
                line(
                    1,
                    "The Royal Society for the Protection of Very Long Names",
                    "mara.von.hohenstein-mueller@subsidiary.example.com",
                    0x6A3FA0u,
                    LIVE,
                ),
                line(
                    2,
                    "Donaudampfschifffahrtsgesellschaft",
                    "kapitaen",
                    0x1F4E8Cu,
                    Figure.Live(
                        Digits("12345678"),
                        Digits("87654321"),
                        NOON,
                        NOON + 30UL,
                    ),
                ),
            ),
        waiting = Waiting("a", 2),
    )

val ACCOUNT =
    AccountState(
        now = NOON,
        line = ACCOUNTS.rows.first(),
        opened = Opened(),
        isHidden = false,
        note = "Recovery codes are in the safe.",
        facts =
            listOf(
                Fact(Say.tuiAboutKind, Say.phoneKindTimed(count(6), count(30))),
                Fact(Say.tuiAboutAlgorithm, plain("SHA1")),
                Fact(Say.tuiAboutAdded, Day(NOON)),
            ),
        isGone = false,
        isDamaged = false,
        asksDelete = false,
        canBurn = true,
        notice = null,
    )

val ASKED =
    Asked(
        id = "a",
        op = Op.LOGIN,
        title = Say.tuiSignInTo,
        app = "Payroll",
        host = "gate.example.com",
        gateway = "Example Ltd",
        message = null,
        facts =
            listOf(
                ContextFact(Say.tuiAs, plain("mara@example.com"), isNew = false),
                ContextFact(Say.tuiFrom, Say.phonePlace(plain("Lyon"), Country("FR")), isNew = true),
                ContextFact(Say.tuiNetwork, plain("Orange"), isNew = false),
                ContextFact(Say.tuiWith, plain("Firefox on Linux"), isNew = false),
            ),
        stated = null,
        digits = 6,
        expires = NOON + 95UL,
        canApprove = true,
        canDeny = true,
        canReport = true,
    )

val APPROVAL = ApprovalState(NOON, ASKED, ApprovalPhase.Asking, behind = 0, notice = null)

/** A serial number as it is printed on a token. */
const val SERIAL = "86596220000001"

val BATCH = BatchRow(1UL, "Reception desk", NOON, 40UL, 3UL)

/** Rows of a batch: one is written, one waits for its own token, one for any. */
val ENTRIES =
    listOf("mara" to SERIAL, "olga" to "86596220000002", "tariq" to null).mapIndexed { at, (name, serial) ->
        val moving = TokenMoving.Time(period = 30UL, start = 0UL)
        val row =
            SeedRow((at + 1).toULong(), serial, null, "", "OTPC-P2-i", "Example", name, moving, Algorithm.SHA1, 6u, 0UL)
        BatchEntry(row, token = serial.takeIf { at == 0 })
    }
