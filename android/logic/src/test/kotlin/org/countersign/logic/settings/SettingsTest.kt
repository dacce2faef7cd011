package org.countersign.logic.settings

import org.countersign.bindings.AutoLock
import org.countersign.bindings.CountersignException
import org.countersign.bindings.Guard
import org.countersign.bindings.LockState
import org.countersign.bindings.PortFault
import org.countersign.bindings.SlotKind
import org.countersign.bindings.SlotRow
import org.countersign.logic.Look
import org.countersign.logic.Preferences
import org.countersign.logic.Secret
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.support.FakeKeep
import org.countersign.logic.support.FakeVault
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.secret
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.countersign.logic.unlock.Opening
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

class SettingsTest {
    private val keep = FakeKeep(Preferences(fingers = true))
    private val vault =
        FakeVault(LockState.OPEN).also {
            it.passphrase = secret("old")
            it.slots =
                listOf(
                    slot(1u, SlotKind.Passphrase),
                    slot(2u, SlotKind.Keystore(Guard.USER)),
                    slot(3u, SlotKind.Sheet, "in the safe"),
                    slot(4u, SlotKind.Hardware(serial = 7u, withPassphrase = false)),
                )
        }

    private val opening = Opening()

    private fun slot(id: UInt, kind: SlotKind, name: String = "") = SlotRow(id, kind, name, NOW, null)

    private fun screen() = Screened(SettingsLogic(SettingsTab.LOCK, vault, keep, opening))

    @Test
    fun theWaysIntoTheVaultAreNamedAndTheLastPassphraseStays() {
        val ways = screen().state.ways
        val (first, second, third, fourth) = ways.map { it.text }
        assertEquals(Say.phoneUnlockByPassphrase to Say.phoneUnlockByFingers, first to second)
        assertEquals(plain("in the safe") to Say.phoneSettingsHardware, third to fourth)
        assertEquals(listOf(false, true, true, true), ways.map { it.canRemove })
    }

    @Test
    fun aWayIsRemovedAfterAQuestion() {
        val screen = screen()
        val sheet = screen.state.ways[2]
        assertEquals(NOW, sheet.made)
        assertEquals(sheet, screen.send(SettingsEvent.RemoveWay(sheet)).removing)
        assertEquals("back takes the question away", null, screen.back().removing)
        assertEquals(4, screen.send(SettingsEvent.Removing(sure = true)).ways.size)
        screen.send(SettingsEvent.RemoveWay(sheet))
        assertEquals(listOf(1u, 2u, 4u), screen.send(SettingsEvent.Removing(sure = true)).ways.map { it.id })
        assertTrue("the fingers are another way", screen.state.likes.fingers)
        screen.send(SettingsEvent.RemoveWay(screen.state.ways[1]))
        val after = screen.send(SettingsEvent.Removing(sure = true))
        assertEquals(listOf(1u, 4u), after.ways.map { it.id })
        assertFalse("nobody is asked for fingers that open nothing", after.likes.fingers || keep.kept.fingers)
    }

    @Test
    fun whatAPersonLikesIsKept() {
        val screen = screen()
        screen.send(SettingsEvent.Likes(Preferences(look = Look.DARK)))
        assertEquals(Look.DARK, keep.kept.look)
        val rule = AutoLock(afterS = null, onLeave = true, onScreenOff = true)
        assertEquals(rule, screen.send(SettingsEvent.LockRule(rule)).lock)
    }

    @Test
    fun theFingerprintIsPutOnAndTakenOut() {
        val screen = screen()
        assertFalse(screen.send(SettingsEvent.Fingers(on = false)).likes.fingers)
        assertTrue(vault.slots.none { it.kind is SlotKind.Keystore })
        assertTrue(screen.send(SettingsEvent.Fingers(on = true)).likes.fingers)
        assertTrue(vault.hasFingers)
    }

    @Test
    fun thePassphraseIsChangedByTheOldOne() {
        val screen = screen()
        assertEquals(PassphraseChange(null), screen.send(SettingsEvent.ChangePassphrase).change)
        val differs = SettingsEvent.Change(secret("old"), secret("new"), secret("other"))
        assertEquals(Say.phonePassphraseDiffers, screen.send(differs).change?.notice?.text)
        val wrong = SettingsEvent.Change(secret("wrong"), secret("new"), secret("new"))
        assertEquals(Say.errorWrongPassphrase, screen.send(wrong).change?.notice?.text)
        val empty = SettingsEvent.Change(secret(""), secret("new"), secret("new"))
        assertEquals(Say.phonePassphraseEmpty, screen.send(empty).change?.notice?.text)
        val right = SettingsEvent.Change(secret("old"), secret("new"), secret("new"))
        assertEquals(null, screen.send(right).change)
        assertTrue(vault.passphrase!!.isSameAs(secret("new")))
    }

    @Test
    fun aSheetIsShownOnceAndPrintsNothing() {
        val screen = screen()
        val sheet = screen.send(SettingsEvent.MakeSheet).sheet
        assertEquals(listOf("first line", "second line"), sheet?.lines)
        assertFalse(screen.state.toString().contains("first line"))
        assertTrue("it is copied by hand", screen.state.staysAwake)
        screen.send(SettingsEvent.MakeSheet)
        assertEquals("a second tap makes none", 1, vault.sheets)
        assertEquals(null, screen.send(SettingsEvent.Close).sheet)
        assertFalse(screen.state.staysAwake)
    }

    @Test
    fun allIsErasedOnlyAfterAQuestion() {
        val screen = screen()
        assertTrue(screen.send(SettingsEvent.Erase).asksErase)
        screen.send(SettingsEvent.Erasing(sure = false))
        assertEquals(LockState.OPEN, vault.lock)
        screen.send(SettingsEvent.Erasing(sure = true))
        assertEquals(LockState.NO_VAULT, vault.lock)
        assertFalse(keep.kept.fingers)
        assertEquals(listOf<Go>(Go.Home), screen.went)
    }

    @Test
    fun itLeadsOn() {
        val screen = screen()
        screen.send(SettingsEvent.Open(SettingsTab.LOOKS))
        screen.send(SettingsEvent.OpenPage(Route.About))
        screen.send(SettingsEvent.Language)
        assertEquals(listOf(Go.To(Route.Settings(SettingsTab.LOOKS)), Go.To(Route.About)), screen.went)
        assertEquals(listOf<Wish>(Wish.OpenSettings(SettingsPage.LANGUAGE)), screen.wished)
    }

    @Test
    fun whatFailsIsSaid() {
        val screen = screen()
        vault.fails = CountersignException.Port(PortFault.UNAVAILABLE)
        val after = screen.send(SettingsEvent.Fingers(on = true))
        assertEquals(Say.phoneUnavailable, after.notice?.text)
        assertFalse(after.waits)
    }

    @Test
    fun theSheetThatOpenedItSetsANewPassphrase() {
        opening.hold(secret(FakeVault.SHEET))
        val screen = screen()
        assertEquals(true, screen.state.change?.bySheet)
        val none = secret("")
        assertEquals(Say.phonePassphraseDiffers, screen.send(changed(none, "new", "mew")).change?.notice?.text)
        assertEquals(null, screen.send(changed(none, "new", "new")).change)
        assertTrue(vault.passphrase!!.isSameAs(secret("new")))
        assertEquals(listOf<Wish>(Wish.Say(Say.phoneSettingsPassphraseChanged)), screen.wished.toList())
        assertNull("it is not needed any more", opening.sheet)
    }

    @Test
    fun whoKeepsTheForgottenOneLeavesNoSheetBehind() {
        opening.hold(secret(FakeVault.SHEET))
        assertEquals(null, screen().send(SettingsEvent.Close).change)
        assertNull(opening.sheet)
    }

    private fun changed(old: Secret, new: String, again: String) = SettingsEvent.Change(old, secret(new), secret(again))
}
