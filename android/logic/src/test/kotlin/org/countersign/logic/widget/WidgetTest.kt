package org.countersign.logic.widget

import org.countersign.bindings.AccountQuery
import org.countersign.bindings.Codes
import org.countersign.bindings.CountersignException
import org.countersign.bindings.InputFault
import org.countersign.logic.core.AccountCalls
import org.countersign.logic.support.FakeAccounts
import org.countersign.logic.support.Hand
import org.countersign.logic.support.Screened
import org.countersign.logic.support.account
import org.countersign.logic.support.live
import org.countersign.logic.text.Say
import org.junit.Assert.assertEquals
import org.junit.Test

class WidgetTest {
    private val names = object : WidgetNames {
        var kept = emptyList<WidgetName>()

        override fun read() = kept

        override fun change(to: (List<WidgetName>) -> List<WidgetName>) {
            kept = to(kept)
        }
    }
    private val accounts = FakeAccounts()

    private fun screen() = Screened(WidgetLogic(accounts, names, Hand()))

    @Test
    fun aNameIsThereByAChoiceAlone() {
        accounts.rows = listOf(live(account(1u)), live(account(2u)))
        val screen = screen()
        assertEquals(listOf(false, false), screen.state.rows.map { it.isOn })
        assertEquals(emptyList<WidgetName>(), names.kept)
        screen.send(WidgetEvent.Put(2u, on = true))
        assertEquals(listOf(2UL), names.kept.map { it.id })
        assertEquals(listOf(false, true), screen().state.rows.map { it.isOn })
        screen.send(WidgetEvent.Put(2u, on = false))
        assertEquals(emptyList<WidgetName>(), names.kept)
    }

    @Test
    fun moreThanTheHomeScreenHoldsAreNotTaken() {
        accounts.rows = (1..7).map { live(account(it.toULong())) }
        val screen = screen()
        (1..7).forEach { screen.send(WidgetEvent.Put(it.toULong(), on = true)) }
        assertEquals(WIDGET_MOST, names.kept.size)
        assertEquals(true, screen.state.isFull)
        assertEquals(false, screen.send(WidgetEvent.Put(1u, on = false)).isFull)
    }

    @Test
    fun namesFollowTheVault() {
        accounts.rows = listOf(live(account(1u)), live(account(2u)))
        names.kept = listOf(WidgetName(2u, "as it was"), WidgetName(9u, "gone"))
        names.follow(accounts, 0u)
        assertEquals(listOf(WidgetName(2u, accounts.rows[1].account.issuer)), names.kept)
    }

    @Test
    fun whatIsTakenAwayMeanwhileStaysAway() {
        accounts.rows = listOf(live(account(1u)))
        names.kept = listOf(WidgetName(1u, "as it was"))
        names.follow(
            object : AccountCalls by accounts {
                override fun view(query: AccountQuery, now: ULong): Codes {
                    val read = accounts.view(query, now)
                    names.change { emptyList() }
                    return read
                }
            },
            0u,
        )
        assertEquals(emptyList<WidgetName>(), names.kept)
    }

    @Test
    fun whatCannotBeReadIsSaid() {
        accounts.fails = CountersignException.Input(InputFault.VaultLocked)
        assertEquals(Say.errorVaultLocked, screen().state.notice?.text)
    }
}
