package org.countersign.logic.accounts

import org.countersign.bindings.CountersignException
import org.countersign.bindings.GroupRow
import org.countersign.bindings.PortFault
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.FakeAccounts
import org.countersign.logic.support.FakeKeep
import org.countersign.logic.support.Hand
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.account
import org.countersign.logic.support.counted
import org.countersign.logic.support.live
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class AccountTest {
    private val hand = Hand(NOW)
    private val accounts = FakeAccounts(listOf(live(account(1u, groups = listOf(7u))), counted(3u)))

    private fun screen(id: ULong = 1u) = Screened(AccountLogic(id, accounts, FakeKeep(), hand))

    @Test
    fun allThatIsKeptOfItIsTold() {
        accounts.groups = listOf(GroupRow(7u, "Work", 1u), GroupRow(8u, "Home", 2u))
        accounts.note = "my own words"
        val state = screen().state
        assertEquals("my own words", state.note)
        assertEquals(Fact(Say.tuiAboutKind, Say.phoneKindTimed(count(6), count(30))), state.facts.first())
        assertTrue(Fact(Say.tuiAboutGroups, plain("Work")) in state.facts)
    }

    @Test
    fun theCodeAndTheNextOneAreCopied() {
        val screen = screen()
        screen.send(AccountEvent.Tap)
        screen.send(AccountEvent.CopyNext)
        val copied = screen.wished.filterIsInstance<Wish.Copy>().map { it.digits }
        assertEquals(listOf(Digits("492039"), Digits("118402")), copied)
        assertEquals(listOf(1UL, 1UL), accounts.used)
    }

    @Test
    fun aHiddenCodeClosesAgain() {
        accounts.rows = listOf(live(account(1u, hidden = true)))
        val screen = screen()
        assertEquals(Figure.Hidden(6), screen.state.line?.figure)
        assertTrue(screen.send(AccountEvent.Tap).line?.figure is Figure.Live)
        hand += 10
        assertEquals(Figure.Hidden(6), screen.send(AccountEvent.Tick).line?.figure)
    }

    @Test
    fun theNextCodeOfACounterIsAskedFor() {
        val screen = screen(3u)
        assertEquals(Figure.Counted(Digits("755224"), false), screen.send(AccountEvent.Tap).line?.figure)
        screen.send(AccountEvent.Tap)
        assertEquals(Wish.Copy(Digits("755224"), 30), screen.wished.first())
    }

    @Test
    fun aMarkIsSet() {
        val screen = screen()
        AccountMark.entries.forEach { screen.send(AccountEvent.Mark(it, on = true)) }
        val (favourite, pinned, hidden) = accounts.edits.map { it.second }
        assertEquals(listOf(true, true, true), listOf(favourite.favourite, pinned.pinned, hidden.hidden))
    }

    @Test
    fun itIsDeletedOnlyAfterAQuestion() {
        val screen = screen()
        assertTrue(screen.send(AccountEvent.Delete).asksDelete)
        assertEquals(false, screen.send(AccountEvent.Deleting(sure = false)).asksDelete)
        assertTrue(accounts.deleted.isEmpty())
        screen.send(AccountEvent.Delete)
        screen.send(AccountEvent.Deleting(sure = true))
        assertEquals(listOf(1UL), accounts.deleted)
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    @Test
    fun whatFailsIsSaidAndTheAccountStays() {
        val screen = screen()
        accounts.fails = CountersignException.Port(PortFault.DISK)
        screen.send(AccountEvent.Deleting(sure = true))
        assertTrue(screen.went.isEmpty())
        assertEquals(Say.errorDisk, screen.state.notice?.text)
    }

    @Test
    fun oneThatIsGoneSaysSo() {
        val screen = screen()
        accounts.rows = emptyList()
        assertTrue(screen.send(AccountEvent.Changed).isGone)
    }

    @Test
    fun itLeadsToItsFormAndToATokenWhereOneCanHoldIt() {
        val screen = screen()
        screen.send(AccountEvent.Edit)
        screen.send(AccountEvent.Burn)
        assertEquals(listOf(Go.To(Route.EditAccount(1u)), Go.To(Route.Burn(1u))), screen.went)
        accounts.rows = listOf(live(account(1u).copy(origin = "gate")))
        screen.send(AccountEvent.Changed)
        screen.send(AccountEvent.Burn)
        assertEquals(2, screen.went.size)
    }
}
