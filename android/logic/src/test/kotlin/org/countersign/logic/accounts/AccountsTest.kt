package org.countersign.logic.accounts

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.CountersignException
import org.countersign.bindings.DamagedRow
import org.countersign.bindings.GroupRow
import org.countersign.bindings.InputFault
import org.countersign.bindings.LockState
import org.countersign.bindings.PortFault
import org.countersign.bindings.Sort
import org.countersign.bindings.TagRow
import org.countersign.bindings.VaultDamage
import org.countersign.bindings.VaultReport
import org.countersign.logic.Act
import org.countersign.logic.Preferences
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.FakeAccounts
import org.countersign.logic.support.FakeApprovals
import org.countersign.logic.support.FakeBells
import org.countersign.logic.support.FakeGateways
import org.countersign.logic.support.FakeKeep
import org.countersign.logic.support.FakeVault
import org.countersign.logic.support.Hand
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.account
import org.countersign.logic.support.approval
import org.countersign.logic.support.counted
import org.countersign.logic.support.gateway
import org.countersign.logic.support.live
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.unlock.Waiting
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class AccountsTest {
    private val hand = Hand(NOW)
    private val keep = FakeKeep()
    private val approvals = FakeApprovals()
    private val gateways = FakeGateways()
    private val bells = FakeBells()
    private val vault = FakeVault(LockState.OPEN)
    private val accounts =
        FakeAccounts(listOf(live(account(1u)), live(account(2u, "Bank", hidden = true)), counted(3u)))

    private fun screen() = Screened(AccountsLogic(accounts, vault, approvals, gateways, keep, bells, hand))

    @Test
    fun whoWouldHearOfNothingIsToldSoUntilItIsMended() {
        bells.facts = bells.facts.copy(mayNotify = false)
        val screen = screen()
        assertEquals(Say.phoneBellNotAllowed to Act.BELLS, screen.state.notice?.run { text to act })
        screen.send(AccountsEvent.OnNotice(Act.BELLS))
        assertEquals(listOf<Go>(Go.To(Route.Bells)), screen.went)
        bells.facts = bells.facts.copy(mayNotify = true)
        assertEquals(null, screen.send(AccountsEvent.Changed).notice)
    }

    private fun AccountsState.figure(id: ULong) = rows.single { it.id == id }.figure

    @Test
    fun aCodeItsNextAndItsTimeAreShown() {
        val figure = screen().state.figure(1u)
        assertEquals(Figure.Live(Digits("492039"), Digits("118402"), NOW - 10u, NOW + 20u), figure)
    }

    @Test
    fun aTapCopiesSaysSoForAMomentAndCountsTheUse() {
        val screen = screen()
        val after = screen.send(AccountsEvent.Tap(1u))
        assertEquals(1UL, after.opened.copied?.id)
        assertEquals(listOf(Wish.Copy(Digits("492039"), 30), Wish.Say(Say.phoneCopied)), screen.wished)
        assertEquals(listOf(1UL), accounts.used)
        hand += 2
        assertEquals(null, screen.send(AccountsEvent.Tick).opened.copied)
    }

    @Test
    fun aHiddenCodeIsNotInTheStateAndIsShownForTenSeconds() {
        val screen = screen()
        assertEquals(Figure.Hidden(6), screen.state.figure(2u))
        assertTrue(screen.send(AccountsEvent.Tap(2u)).figure(2u) is Figure.Live)
        assertTrue(screen.wished.isEmpty())
        hand += 9
        assertTrue(screen.send(AccountsEvent.Tick).figure(2u) is Figure.Live)
        hand += 1
        assertEquals(Figure.Hidden(6), screen.send(AccountsEvent.Tick).figure(2u))
    }

    @Test
    fun thePersonCanHideAllAndDoWithoutTheNextCode() {
        keep.kept = Preferences(hideAll = true, showNext = false)
        val screen = screen()
        assertEquals(Figure.Hidden(6), screen.state.figure(1u))
        val shown = screen.send(AccountsEvent.Tap(1u)).figure(1u) as Figure.Live
        assertEquals(null, shown.next)
    }

    @Test
    fun aCountedCodeIsAskedForOnceThenCopied() {
        val code = CompletableDeferred<String>()
        accounts.nextCode = { code.await() }
        val screen = screen()
        assertEquals(Figure.Counted(null, waits = false), screen.state.figure(3u))
        assertEquals(Figure.Counted(null, waits = true), screen.send(AccountsEvent.Tap(3u)).figure(3u))
        screen.send(AccountsEvent.Tap(3u))
        code.complete("755224")
        assertEquals(Figure.Counted(Digits("755224"), waits = false), screen.state.figure(3u))
        screen.send(AccountsEvent.Tap(3u))
        assertEquals(Wish.Copy(Digits("755224"), 30), screen.wished.first())
        hand += 60
        assertEquals(Figure.Counted(null, waits = false), screen.send(AccountsEvent.Tick).figure(3u))
    }

    @Test
    fun aCountedCodeThatDoesNotComeLeavesTheButton() {
        val screen = screen()
        accounts.fails = CountersignException.Port(PortFault.DISK_FULL)
        val after = screen.send(AccountsEvent.Tap(3u))
        assertEquals(Figure.Counted(null, waits = false), after.figure(3u))
        assertEquals(Say.errorDiskFull, after.notice?.text)
        screen.send(AccountsEvent.OnNotice(Act.FREE_SPACE))
        assertEquals(listOf<Wish>(Wish.OpenSettings(SettingsPage.STORAGE)), screen.wished.toList())
    }

    @Test
    fun theListIsReadAgainWhenACodeIsOverAndNotBefore() {
        val screen = screen()
        hand += 19
        screen.send(AccountsEvent.Tick)
        assertEquals(1, accounts.queries.size)
        hand += 1
        screen.send(AccountsEvent.Tick)
        assertEquals(2, accounts.queries.size)
    }

    @Test
    fun searchingGroupsFavouritesAndOrderAreAsked() {
        accounts.groups = listOf(GroupRow(8u, "Home", 2u), GroupRow(7u, "Work", 1u))
        accounts.tags = listOf(TagRow("old", 1u))
        val screen = screen()
        val names = screen.state.filters.drop(2)
        assertEquals(listOf(Filter.Group(7u, "Work"), Filter.Group(8u, "Home"), Filter.Tag("old")), names)
        screen.send(AccountsEvent.Choose(Filter.Group(7u, "Work")))
        assertEquals(7UL, accounts.queries.last().group)
        assertEquals(Empty.GROUP_EMPTY, screen.state.empty)
        screen.send(AccountsEvent.Choose(Filter.Tag("old")))
        assertEquals("old", accounts.queries.last().tag)
        screen.send(AccountsEvent.Choose(Filter.Favourites))
        assertTrue(accounts.queries.last().favourites)
        screen.send(AccountsEvent.Choose(Filter.All))
        screen.send(AccountsEvent.SortBy(Sort.USE))
        assertEquals(Sort.USE, accounts.queries.last().sort)
        assertEquals(Sort.USE, keep.kept.sort)
        assertEquals(Empty.NOTHING_FOUND, screen.send(AccountsEvent.Search("nothing")).empty)
    }

    @Test
    fun aGroupThatIsGoneGivesWayToAll() {
        accounts.groups = listOf(GroupRow(7u, "Work", 1u))
        val screen = screen()
        screen.send(AccountsEvent.Choose(Filter.Group(7u, "Work")))
        accounts.groups = emptyList()
        val after = screen.send(AccountsEvent.Changed)
        assertEquals(Filter.All, after.chosen)
        assertEquals(3, after.rows.size)
    }

    @Test
    fun anEmptyListSaysWhatToDo() {
        accounts.rows = emptyList()
        val screen = screen()
        assertEquals(Empty.NO_ACCOUNTS, screen.state.empty)
        screen.send(AccountsEvent.Add(AddHow.SCAN))
        screen.send(AccountsEvent.Add(AddHow.TYPE))
        screen.send(AccountsEvent.Add(AddHow.IMPORT))
        assertEquals(listOf(Route.Scan, Route.Manual, Route.Import).map { Go.To(it) }, screen.went)
    }

    @Test
    fun enrolmentsStandInTheSameListAndWhatWaitsIsNamed() {
        gateways.rows = listOf(gateway())
        approvals.rows = listOf(approval("one"), approval("two"))
        val screen = screen()
        assertEquals(Say.tuiStateActive, screen.state.gateways.single().state)
        assertEquals(Waiting("one", 2), screen.state.waiting)
        screen.send(AccountsEvent.OpenApproval)
        screen.send(AccountsEvent.OpenGateway("gate"))
        assertEquals(listOf(Go.To(Route.Approval("one")), Go.To(Route.Gateway("gate"))), screen.went)
        assertTrue(screen.send(AccountsEvent.Search("Bank")).gateways.isEmpty())
    }

    @Test
    fun aDamagedAccountStandsThereAndOpens() {
        accounts.damaged = listOf(DamagedRow(9u, 4u, account(9u, "AWS")))
        val screen = screen()
        assertEquals(Figure.Damaged, screen.state.figure(9u))
        assertEquals("AWS", screen.state.rows.first().title)
        screen.send(AccountsEvent.Tap(9u))
        screen.send(AccountsEvent.Open(1u))
        assertEquals(listOf(Go.To(Route.Account(9u)), Go.To(Route.Account(1u))), screen.went)
    }

    @Test
    fun changesAreMadeAndTakenBack() {
        val screen = screen()
        screen.send(AccountsEvent.Favourite(1u, favourite = true))
        assertEquals(true, accounts.edits.single().second.favourite)
        assertTrue(screen.state.canUndo)
        screen.send(AccountsEvent.Undo)
        assertEquals(1, accounts.undone)
    }

    @Test
    fun rowsAreMovedByOnePlaceInOnesOwnOrder() {
        accounts.damaged = listOf(DamagedRow(9u, 4u, account(9u, "AWS")))
        val screen = screen()
        screen.send(AccountsEvent.SortBy(Sort.NAME))
        screen.send(AccountsEvent.Shift(1u, isUp = false))
        assertEquals("nobody is ordering", 0, accounts.moved.size)
        val (first, second, third) = screen.send(AccountsEvent.Order(on = true)).rows.map { it.id } - 9UL
        assertEquals(Sort.MANUAL, screen.state.sort)
        screen.send(AccountsEvent.Shift(first, isUp = true))
        screen.send(AccountsEvent.Shift(second, isUp = true))
        screen.send(AccountsEvent.Shift(first, isUp = false))
        assertEquals(listOf(second to first, first to third), accounts.moved.toList())
        assertEquals(false, screen.send(AccountsEvent.Order(on = false)).isOrdering)
    }

    @Test
    fun whatWasDamagedIsSaidBeforeAllElseUntilItWasRead() {
        accounts.clockAhead = 240
        vault.report = VaultReport(listOf(VaultDamage.Structure), null)
        val screen = screen()
        assertEquals(Say.phoneAccountsDamage, screen.state.notice?.text)
        screen.send(AccountsEvent.OnNotice(Act.DAMAGE))
        assertEquals(listOf<Go>(Go.To(Route.Damage)), screen.went)
        vault.report = VaultReport(emptyList(), null)
        assertEquals(Act.SET_CLOCK, screen.send(AccountsEvent.Changed).notice?.act)
    }

    @Test
    fun aClockThatIsOffIsSaidWhileItIs() {
        accounts.clockAhead = 240
        val screen = screen()
        assertEquals(Say.phoneClockFast(Say.errorMinutes(count(4))), screen.state.notice?.text)
        screen.send(AccountsEvent.OnNotice(Act.SET_CLOCK))
        assertEquals(listOf<Wish>(Wish.OpenSettings(SettingsPage.DATE)), screen.wished)
        accounts.clockAhead = -31
        assertEquals(Say.phoneClockSlow(Say.errorSeconds(count(31))), screen.send(AccountsEvent.Changed).notice?.text)
        accounts.clockAhead = 30
        assertEquals(null, screen.send(AccountsEvent.Changed).notice)
    }

    @Test
    fun whatCannotBeReadIsSaidAndTriedAgain() {
        accounts.fails = CountersignException.Input(InputFault.VaultLocked)
        val screen = screen()
        assertFalse(screen.state.loads)
        assertEquals(Act.UNLOCK, screen.state.notice?.act)
        accounts.fails = null
        screen.send(AccountsEvent.OnNotice(Act.RETRY))
        assertEquals(3, screen.state.rows.size)
        assertEquals(null, screen.state.notice)
    }

    @Test
    fun noCodeIsPrinted() {
        assertFalse(screen().state.toString().contains("492039"))
    }
}
