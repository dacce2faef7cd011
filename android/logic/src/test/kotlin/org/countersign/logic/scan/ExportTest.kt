package org.countersign.logic.scan

import org.countersign.bindings.LeftOut
import org.countersign.bindings.NotHeld
import org.countersign.bindings.OutgoingTransfer
import org.countersign.logic.Secret
import org.countersign.logic.route.Go
import org.countersign.logic.support.FakeAccounts
import org.countersign.logic.support.FakeScans
import org.countersign.logic.support.Hand
import org.countersign.logic.support.Screened
import org.countersign.logic.support.account
import org.countersign.logic.support.live
import org.countersign.logic.text.Say
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

class ExportTest {
    private val accounts = FakeAccounts(listOf(live(account(1u)), live(account(2u))))
    private val scans = FakeScans()

    private fun screen() = Screened(ExportLogic(accounts, scans, Hand()))

    private fun secret(words: String) = Secret(words.toByteArray())

    private fun Screened<ExportState, ExportEvent>.shown() =
        (state.step as ExportStep.Shows).let { String(it.links[it.at].expose()) }

    @Test
    fun nothingIsShownWithoutThePassphrase() {
        val screen = screen()
        assertEquals(Say.phonePassphraseEmpty, screen.send(ExportEvent.Prove(secret(""))).notice?.text)
        val after = screen.send(ExportEvent.Prove(secret("another")))
        assertEquals(ExportStep.Asking, after.step)
        assertEquals(Say.errorWrongPassphrase, after.notice?.text)
        assertFalse(after.waits)
        assertTrue(scans.exported.isEmpty())
    }

    @Test
    fun allAccountsLeaveCodeByCode() {
        scans.leaves = OutgoingTransfer(listOf("one".toByteArray(), "two".toByteArray()), emptyList(), emptyList())
        val screen = screen()
        screen.send(ExportEvent.Prove(secret(FakeScans.PASSPHRASE)))
        assertEquals(listOf(listOf<ULong>(1u, 2u)), scans.exported)
        assertEquals("one", screen.shown())
        screen.send(ExportEvent.Next)
        assertEquals("two", screen.shown())
        screen.send(ExportEvent.Back)
        assertEquals("one", screen.shown())
        screen.send(ExportEvent.Next)
        assertEquals(emptyList<Go>(), screen.went)
        screen.send(ExportEvent.Next)
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    @Test
    fun whatIsNotInTheCodesIsNamed() {
        val other = LeftOut(account(2u), NotHeld.Period(60u))
        scans.leaves = OutgoingTransfer(listOf("one".toByteArray()), listOf(account(1u)), listOf(other))
        val step = screen().send(ExportEvent.Prove(secret(FakeScans.PASSPHRASE))).step as ExportStep.Shows
        assertEquals(listOf(account(2u).issuer), step.left)
        assertTrue(step.isLast)
        assertFalse("a code prints nothing of itself", "one" in step.toString())
    }

    @Test
    fun withoutAnAccountNothingIsAsked() {
        accounts.rows = emptyList()
        val screen = screen()
        assertEquals(ExportStep.Nothing, screen.state.step)
        screen.send(ExportEvent.Back)
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    @Test
    fun accountsThatFitNowhereAreNoCode() {
        scans.leaves = OutgoingTransfer(emptyList(), emptyList(), listOf(LeftOut(account(1u), NotHeld.Digits(7u))))
        val screen = screen()
        screen.send(ExportEvent.Prove(secret(FakeScans.PASSPHRASE)))
        screen.send(ExportEvent.Next)
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    @Test
    fun backEndsTheWaitAndLeavesThePage() {
        val logic = ExportLogic(accounts, scans, Hand())
        val waiting = logic.on(logic.begin().state, ExportEvent.Prove(secret(FakeScans.PASSPHRASE))).state
        assertTrue(waiting.waits)
        val ended = logic.on(waiting, requireNotNull(logic.back(waiting)))
        assertTrue(ended.stop)
        assertFalse(ended.state.waits)
        assertNull(logic.back(ended.state))
    }
}
