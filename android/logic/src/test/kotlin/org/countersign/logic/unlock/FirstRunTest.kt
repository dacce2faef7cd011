package org.countersign.logic.unlock

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.CountersignException
import org.countersign.bindings.LockState
import org.countersign.bindings.PortFault
import org.countersign.logic.Notice
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.FakeVault
import org.countersign.logic.support.Screened
import org.countersign.logic.support.secret
import org.countersign.logic.text.Say
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class FirstRunTest {
    private val vault = FakeVault()

    private var lock = true

    private fun screen(hasScreenLock: Boolean = true): Screened<FirstRunState, FirstRunEvent> {
        lock = hasScreenLock
        return Screened(FirstRunLogic(vault) { lock })
    }

    private fun chose(words: String, again: String = words) = FirstRunEvent.Chose(secret(words), secret(again))

    @Test
    fun itLeadsByAPassphraseAndAFingerprintToTheCamera() {
        val screen = screen()
        assertEquals(FirstRunStep.Welcome, screen.state.step)
        screen.send(FirstRunEvent.Begin(FirstAim.ADD_ACCOUNT))
        screen.send(chose("four plain words here"))
        assertEquals(FirstRunStep.Fingers(FirstAim.ADD_ACCOUNT, waits = false), screen.state.step)
        assertEquals(LockState.OPEN, vault.lock)
        screen.send(FirstRunEvent.Fingers(wanted = true))
        assertTrue(vault.hasFingers)
        assertEquals(listOf<Go>(Go.To(Route.Scan)), screen.went)
    }

    @Test
    fun whoHasABackupIsLedToItWithoutAFingerprint() {
        val screen = screen()
        screen.send(FirstRunEvent.Begin(FirstAim.RESTORE))
        screen.send(chose("words"))
        screen.send(FirstRunEvent.Fingers(wanted = false))
        assertEquals(false, vault.hasFingers)
        assertEquals(listOf<Go>(Go.To(Route.Import)), screen.went)
    }

    @Test
    fun whileTheVaultIsMadeNobodyGoesBackNorMakesASecond() {
        val making = CompletableDeferred<Unit>().also { vault.waits = it }
        val screen = screen()
        screen.send(FirstRunEvent.Begin(FirstAim.ADD_ACCOUNT))
        screen.send(chose("words"))
        val step = FirstRunStep.Passphrase(FirstAim.ADD_ACCOUNT, waits = true)
        assertEquals(listOf(step, step), listOf(screen.back().step, screen.send(chose("other")).step))
        making.complete(Unit)
        assertEquals(FirstRunStep.Fingers(FirstAim.ADD_ACCOUNT, waits = false), screen.state.step)
        assertTrue(vault.passphrase!!.isSameAs(secret("words")))
    }

    @Test
    fun whoseVaultIsThereAlreadyIsNotAskedForAPassphrase() {
        vault.lock = LockState.OPEN
        val screen = screen()
        val fingers = FirstRunStep.Fingers(FirstAim.RESTORE, waits = false)
        assertEquals(fingers, screen.send(FirstRunEvent.Begin(FirstAim.RESTORE)).step)
    }

    @Test
    fun twoPassphrasesThatDifferMakeNothing() {
        val screen = screen()
        screen.send(FirstRunEvent.Begin(FirstAim.ADD_ACCOUNT))
        assertEquals(Notice(Say.phonePassphraseDiffers), screen.send(chose("one", "other")).notice)
        assertEquals(Notice(Say.phonePassphraseEmpty), screen.send(chose("")).notice)
        assertEquals(LockState.NO_VAULT, vault.lock)
        assertEquals(FirstRunStep.Passphrase(FirstAim.ADD_ACCOUNT, waits = false), screen.state.step)
    }

    @Test
    fun aMissingScreenLockIsSaidAtOnceWithTheWayThere() {
        val screen = screen(hasScreenLock = false)
        assertEquals(false, screen.state.hasScreenLock)
        screen.send(FirstRunEvent.OpenScreenLock)
        assertEquals(listOf<Wish>(Wish.OpenSettings(SettingsPage.SCREEN_LOCK)), screen.wished)
        lock = true
        assertEquals(true, screen.send(FirstRunEvent.Returned).hasScreenLock)
    }

    @Test
    fun withoutAScreenLockNoFingerprintIsOffered() {
        val screen = screen(hasScreenLock = false)
        screen.send(FirstRunEvent.Begin(FirstAim.ADD_ACCOUNT))
        screen.send(chose("words"))
        assertEquals(listOf<Go>(Go.To(Route.Scan)), screen.went)
    }

    @Test
    fun whatFailsIsSaidAndCanBeTriedAgain() {
        val screen = screen()
        screen.send(FirstRunEvent.Begin(FirstAim.ADD_ACCOUNT))
        vault.fails = CountersignException.Port(PortFault.DISK_FULL)
        assertEquals(Say.errorDiskFull, screen.send(chose("words")).notice?.text)
        vault.fails = null
        screen.send(chose("words"))
        vault.fails = CountersignException.Port(PortFault.CANCELLED)
        screen.send(FirstRunEvent.Fingers(wanted = true))
        assertEquals(FirstRunStep.Fingers(FirstAim.ADD_ACCOUNT, waits = false), screen.state.step)
        assertEquals(null, screen.state.notice)
        assertEquals(FirstRunStep.Welcome, screen.send(FirstRunEvent.Back).step)
    }
}
