package org.countersign.logic.unlock

import org.countersign.bindings.LockState
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.FakeApprovals
import org.countersign.logic.support.FakeVault
import org.countersign.logic.support.Screened
import org.countersign.logic.support.approval
import org.countersign.logic.support.secret
import org.countersign.logic.text.Say
import org.junit.Assert.assertEquals
import org.junit.Test

class UnlockTest {
    private val vault = FakeVault(LockState.LOCKED).also { it.passphrase = secret("right") }
    private val approvals = FakeApprovals()

    private fun screen(fingers: Boolean = false) = Screened(UnlockLogic(vault, approvals, fingers))

    @Test
    fun withFingersThePromptIsThereAtOnce() {
        vault.hasFingers = true
        screen(fingers = true)
        assertEquals(LockState.OPEN, vault.lock)
    }

    @Test
    fun whoRefusesThePromptTypesThePassphrase() {
        val screen = screen(fingers = true)
        assertEquals(false, screen.state.waits)
        assertEquals(Say.phoneUserRefused, screen.state.notice?.text)
        screen.send(UnlockEvent.Typed(secret("right")))
        assertEquals(LockState.OPEN, vault.lock)
    }

    @Test
    fun aWrongPassphraseIsSaidAndTheFieldStays() {
        val screen = screen()
        screen.send(UnlockEvent.Typed(secret("wrong")))
        assertEquals(Say.errorWrongPassphrase, screen.state.notice?.text)
        assertEquals(false, screen.state.waits)
        assertEquals(Say.phonePassphraseEmpty, screen.send(UnlockEvent.Typed(secret(""))).notice?.text)
        assertEquals(LockState.LOCKED, vault.lock)
    }

    @Test
    fun aFingerprintCanBeAskedForAgain() {
        val screen = screen(fingers = true)
        vault.hasFingers = true
        screen.send(UnlockEvent.Fingers)
        assertEquals(LockState.OPEN, vault.lock)
    }

    @Test
    fun theSheetOpensIt() {
        val screen = screen()
        assertEquals(UnlockWay.SHEET, screen.send(UnlockEvent.Way(UnlockWay.SHEET)).way)
        assertEquals(Say.errorWrongSheet, screen.send(UnlockEvent.Typed(secret("no sheet"))).notice?.text)
        screen.send(UnlockEvent.Typed(secret(FakeVault.SHEET)))
        assertEquals(LockState.OPEN, vault.lock)
    }

    @Test
    fun whatWaitsToBeApprovedIsNamedAndOpened() {
        val screen = screen()
        assertEquals(null, screen.state.waiting)
        screen.send(UnlockEvent.OpenApproval)
        approvals.rows = listOf(approval("one"), approval("two"))
        assertEquals(Waiting("one", 2), screen.send(UnlockEvent.Changed).waiting)
        screen.send(UnlockEvent.OpenApproval)
        assertEquals(listOf<Go>(Go.To(Route.Approval("one"))), screen.went)
    }
}
