package org.countersign.logic.accounts

import org.countersign.bindings.BinnedRow
import org.countersign.bindings.CountersignException
import org.countersign.bindings.PortFault
import org.countersign.logic.support.FakeAccounts
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.account
import org.countersign.logic.text.Say
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class BinTest {
    private val accounts = FakeAccounts().also { fake ->
        fake.binned = List(2) { BinnedRow(account(it.toULong()), NOW) }
    }
    private val screen = Screened(BinLogic(accounts))

    @Test
    fun oneIsBroughtBack() {
        assertEquals(listOf(0UL, 1UL), screen.state.rows.map { it.id })
        assertEquals(listOf(1UL), screen.send(BinEvent.Restore(0u)).rows.map { it.id })
    }

    @Test
    fun itIsEmptiedOnlyAfterAQuestion() {
        assertTrue(screen.send(BinEvent.Empty).asksEmpty)
        assertEquals(2, screen.send(BinEvent.Emptying(sure = false)).rows.size)
        assertTrue(screen.send(BinEvent.Emptying(sure = true)).rows.isEmpty())
    }

    @Test
    fun whatFailsIsSaid() {
        accounts.fails = CountersignException.Port(PortFault.DISK)
        assertEquals(Say.errorDisk, screen.send(BinEvent.Restore(0u)).notice?.text)
        accounts.binned = emptyList()
        assertTrue(screen.send(BinEvent.Changed).rows.isEmpty())
    }
}
