package org.countersign.logic.unlock

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.CountersignException
import org.countersign.bindings.LockState
import org.countersign.bindings.PortFault
import org.countersign.logic.route.Go
import org.countersign.logic.route.Place
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.support.FakeApprovals
import org.countersign.logic.support.FakeKeep
import org.countersign.logic.support.FakeVault
import org.countersign.logic.support.Screened
import org.countersign.logic.support.approval
import org.countersign.logic.support.secret
import org.countersign.logic.text.Say
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

class UnlockTest {
    private val vault = FakeVault(LockState.LOCKED).also { it.passphrase = secret("right") }
    private val approvals = FakeApprovals()

    private val keep = FakeKeep()
    private val opening = Opening()

    private fun screen(fingers: Boolean = false): Screened<UnlockState, UnlockEvent> {
        keep.kept = keep.kept.copy(fingers = fingers)
        return Screened(UnlockLogic(vault, approvals, keep, opening))
    }

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
        assertEquals("the passphrase is what was meant", null, screen.state.notice)
        screen.send(UnlockEvent.Typed(secret("right")))
        assertEquals(LockState.OPEN, vault.lock)
    }

    @Test
    fun fingersAreAskedForWhenThePersonIsThereAgain() {
        vault.fails = CountersignException.Port(PortFault.INTERRUPTED)
        val screen = screen(fingers = true)
        assertEquals(false to true, screen.state.waits to screen.state.asksOnReturn)
        assertEquals("nothing happened that is to be told", null, screen.state.notice)
        vault.fails = null
        vault.hasFingers = true
        screen.send(UnlockEvent.Changed)
        assertEquals("nobody is there yet", LockState.LOCKED, vault.lock)
        screen.send(UnlockEvent.Returned)
        assertEquals(LockState.OPEN, vault.lock)
    }

    @Test
    fun whoReturnsBeforeTheQuestionEndedIsAskedOnceMore() {
        val asking = CompletableDeferred<Unit>().also { vault.waits = it }
        vault.fails = CountersignException.Port(PortFault.INTERRUPTED)
        val screen = screen(fingers = true)
        assertEquals(true, screen.send(UnlockEvent.Returned).waits)
        vault.waits = null
        vault.hasFingers = true
        asking.completeExceptionally(CountersignException.Port(PortFault.INTERRUPTED))
        assertEquals("nobody was there again", true to false, screen.state.run { asksOnReturn to waits })
        vault.fails = null
        screen.send(UnlockEvent.Returned)
        assertEquals(LockState.OPEN, vault.lock)
    }

    @Test
    fun whoSaidNoToThePromptIsNotAskedOnReturn() {
        val screen = screen(fingers = true)
        vault.hasFingers = true
        screen.send(UnlockEvent.Returned)
        assertEquals(LockState.LOCKED, vault.lock)
    }

    @Test
    fun whoTypesIsNotAskedForFingersInTheMiddleOfIt() {
        vault.fails = CountersignException.Port(PortFault.INTERRUPTED)
        val screen = screen(fingers = true)
        vault.fails = null
        vault.hasFingers = true
        screen.send(UnlockEvent.Way(UnlockWay.SHEET))
        screen.send(UnlockEvent.Returned)
        assertEquals(LockState.LOCKED, vault.lock)
    }

    @Test
    fun fingersThatThePhoneGaveUpAreSaidAndNotOfferedAgain() {
        vault.fails = CountersignException.Port(PortFault.KEY_GONE)
        val screen = screen(fingers = true)
        assertEquals(Say.phoneUnlockFingersGone, screen.state.notice?.text)
        assertEquals(listOf(false, false), listOf(screen.state.canUseFingers, keep.kept.fingers))
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
        assertEquals("nothing waits behind the lock", Go.Back, screen.went.last())
        assertNull(opening.sheet)
        screen.send(UnlockEvent.Typed(secret(FakeVault.SHEET)))
        assertEquals(LockState.OPEN, vault.lock)
        assertEquals(Go.To(Route.Settings(SettingsTab.LOCK)), screen.went.last())
        assertTrue("a new passphrase is set with it", opening.sheet!!.isSameAs(secret(FakeVault.SHEET)))
    }

    @Test
    fun nowAndThenThePassphraseIsAskedForThoughFingersOpen() = runBlocking {
        vault.hasFingers = true
        vault.isDue = true
        screen(fingers = true)
        opening.remind(vault)
        assertEquals(LockState.LOCKED, vault.lock)
        val reminded = screen(fingers = true)
        assertEquals(listOf(true, false, true), reminded.state.run { listOf(isReminder, waits, canUseFingers) })
        reminded.send(UnlockEvent.Fingers)
        opening.remind(vault)
        assertEquals("who doesn't know it is not kept out", LockState.OPEN, vault.lock)
        vault.lock = LockState.LOCKED
        screen(fingers = true).send(UnlockEvent.Typed(secret("right")))
        vault.isDue = false
        vault.lock = LockState.LOCKED
        assertEquals(false, screen(fingers = true).state.isReminder)
        opening.remind(vault)
        assertEquals(LockState.OPEN, vault.lock)
    }

    @Test
    fun otherScreensTellOfASignInBesideThemselves() {
        approvals.rows = listOf(approval("one"))
        val told = { route: Route -> aside(Place.At(route), approvals) }
        assertEquals(Waiting("one", 1), told(Route.Manual))
        assertEquals(Waiting("one", 1), told(Route.Settings(null)))
        assertEquals(listOf(null, null), listOf(told(Route.Accounts), told(Route.Approval("one"))))
        assertEquals(listOf(null, null), listOf(aside(Place.Unlock, approvals), aside(Place.FirstRun, approvals)))
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
