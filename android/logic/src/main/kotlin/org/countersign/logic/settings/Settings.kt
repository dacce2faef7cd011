package org.countersign.logic.settings

import org.countersign.bindings.AutoLock
import org.countersign.bindings.NewSheet
import org.countersign.bindings.SlotKind
import org.countersign.bindings.SlotRow
import org.countersign.logic.Keep
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Preferences
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.SettingsPage
import org.countersign.logic.Step
import org.countersign.logic.Tone
import org.countersign.logic.Wish
import org.countersign.logic.core.VaultCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain
import org.countersign.logic.unlock.Opening

/** The settings, in the words people use; without a page they are the list of pages. */
data class SettingsState(
    val tab: SettingsTab?,
    val likes: Preferences,
    /** When the vault locks itself; none until it was read. */
    val lock: AutoLock?,
    /** The ways into the vault. */
    val ways: List<Way>,
    val change: PassphraseChange?,
    /** A recovery sheet, shown this once. It prints nothing. */
    val sheet: Sheet?,
    val asksErase: Boolean,
    val waits: Boolean,
    val notice: Notice?,
    /** The way into the vault of which it is asked whether it shall go. */
    val removing: Way? = null,
) : Screen {
    /** A sheet is copied by hand, and shown this once. */
    override val staysAwake: Boolean get() = sheet != null
}

/** One way into the vault, and the day it was made, where that tells it from others of its kind. */
data class Way(
    val id: UInt,
    val text: Text,
    val canRemove: Boolean,
    val made: ULong? = null,
    val isFingers: Boolean = false,
)

/** The passphrase is being changed; what is typed stands in its fields alone. */
data class PassphraseChange(
    val notice: Notice?,
    /** The recovery sheet stands for the passphrase of now, which is forgotten. */
    val bySheet: Boolean = false,
)

class Sheet(val lines: List<String>, val qr: String) {
    override fun toString(): String = "Sheet(..)"
}

sealed interface SettingsEvent {
    data class Open(val tab: SettingsTab) : SettingsEvent

    data class Likes(val likes: Preferences) : SettingsEvent

    data class LockRule(val rule: AutoLock) : SettingsEvent

    data class Fingers(val on: Boolean) : SettingsEvent

    data object ChangePassphrase : SettingsEvent

    data class Change(val old: Secret, val new: Secret, val again: Secret) : SettingsEvent

    data object Close : SettingsEvent

    data object MakeSheet : SettingsEvent

    /** The person went back from the sheet, which is not shown again. */
    data object LeaveSheet : SettingsEvent

    data class RemoveWay(val way: Way) : SettingsEvent

    data class Removing(val sure: Boolean) : SettingsEvent

    data object Language : SettingsEvent

    data object Erase : SettingsEvent

    data class Erasing(val sure: Boolean) : SettingsEvent

    data class OpenPage(val route: Route) : SettingsEvent

    data class Read(val lock: AutoLock, val ways: List<Way>) : SettingsEvent

    data class FingersAre(val on: Boolean) : SettingsEvent

    class SheetMade(val sheet: Sheet) : SettingsEvent

    data object Changed : SettingsEvent

    data object Erased : SettingsEvent

    data class Failed(val notice: Notice?) : SettingsEvent
}

private typealias SettingsStep = Step<SettingsState, SettingsEvent>

class SettingsLogic(
    private val tab: SettingsTab?,
    private val vault: VaultCalls,
    private val keep: Keep,
    private val opening: Opening,
) : Logic<SettingsState, SettingsEvent> {
    override fun begin(): SettingsStep {
        val change = PassphraseChange(null, bySheet = true).takeIf { tab == SettingsTab.LOCK && opening.sheet != null }
        return read(SettingsState(tab, keep.read(), null, emptyList(), change, null, false, false, null))
    }

    override fun back(state: SettingsState): SettingsEvent? = when {
        state.sheet != null -> if (state.notice == null) SettingsEvent.LeaveSheet else SettingsEvent.Close
        state.change != null -> SettingsEvent.Close
        state.asksErase -> SettingsEvent.Erasing(sure = false)
        state.removing != null -> SettingsEvent.Removing(sure = false)
        else -> null
    }

    override fun on(state: SettingsState, event: SettingsEvent): SettingsStep = when (event) {
        is SettingsEvent.Open -> Step(state, go = Go.To(Route.Settings(event.tab)))
        is SettingsEvent.OpenPage -> Step(state, go = Go.To(event.route))
        is SettingsEvent.Likes -> likes(state, event.likes)
        is SettingsEvent.LockRule -> change(state) { vault.setAutoLock(event.rule) }
        is SettingsEvent.Fingers -> fingers(state, event.on)
        SettingsEvent.ChangePassphrase -> Step(state.copy(change = PassphraseChange(null)))
        is SettingsEvent.Change -> passphrase(state, event)
        SettingsEvent.Close -> close(state)
        SettingsEvent.MakeSheet -> sheet(state)
        SettingsEvent.LeaveSheet -> Step(state.copy(notice = Notice(Say.phoneSettingsSheetLeave, tone = Tone.WARN)))
        is SettingsEvent.RemoveWay -> Step(state.copy(removing = event.way, notice = null))
        is SettingsEvent.Removing -> remove(state.copy(removing = null), state.removing.takeIf { event.sure })
        SettingsEvent.Language -> Step(state, wish = Wish.OpenSettings(SettingsPage.LANGUAGE))
        SettingsEvent.Erase -> Step(state.copy(asksErase = true))
        is SettingsEvent.Erasing -> erasing(state.copy(asksErase = false), event.sure)
        is SettingsEvent.Read -> Step(state.copy(lock = event.lock, ways = event.ways, waits = false))
        is SettingsEvent.FingersAre -> read(likes(state, state.likes.copy(fingers = event.on)).state)
        is SettingsEvent.SheetMade -> read(state.copy(sheet = event.sheet, waits = false))
        SettingsEvent.Changed -> changed(state)
        SettingsEvent.Erased -> Step(likes(state, state.likes.copy(fingers = false)).state, go = Go.Home)
        is SettingsEvent.Failed -> Step(failed(state, event.notice))
    }

    private fun read(state: SettingsState): SettingsStep = Step(state, ask = {
        asking(SettingsEvent::Failed) { SettingsEvent.Read(vault.autoLock(), ways(vault.slots())) }
    })

    private fun likes(state: SettingsState, likes: Preferences): SettingsStep {
        keep.write(likes)
        return Step(state.copy(likes = likes))
    }

    private fun change(state: SettingsState, call: suspend () -> Unit): SettingsStep =
        Step(state.copy(waits = true, notice = null), ask = {
            asking(SettingsEvent::Failed) {
                call()
                SettingsEvent.Changed
            }
        })

    /** Off takes the way out of the vault; on asks for the person, so that nobody else can add one. */
    private fun fingers(state: SettingsState, on: Boolean): SettingsStep =
        Step(state.copy(waits = true, notice = null), ask = {
            asking(SettingsEvent::Failed) {
                // One that the phone gave up stands there yet, and opens nothing.
                removeFingers()
                if (on) vault.addKeystoreSlot()
                SettingsEvent.FingersAre(on)
            }
        })

    private fun remove(state: SettingsState, way: Way?): SettingsStep = when {
        way == null || state.waits -> Step(state)
        way.isFingers -> fingers(state, on = false)
        else -> change(state) { vault.removeSlot(way.id) }
    }

    private suspend fun removeFingers() =
        vault.slots().filter { it.kind is SlotKind.Keystore }.forEach { vault.removeSlot(it.id) }

    private fun passphrase(state: SettingsState, typed: SettingsEvent.Change): SettingsStep {
        val sheet = opening.sheet?.takeIf { state.change?.bySheet == true }
        val fault =
            when {
                typed.new.isEmpty || (sheet == null && typed.old.isEmpty) -> Say.phonePassphraseEmpty
                !typed.new.isSameAs(typed.again) -> Say.phonePassphraseDiffers
                else -> null
            }
        if (fault != null) return Step(state.copy(change = state.change?.copy(notice = Notice(fault))))
        return change(state) {
            sheet?.let { vault.replacePassphrase(it.copy(), typed.new) } ?: vault.changePassphrase(typed.old, typed.new)
        }
    }

    private fun close(state: SettingsState): SettingsStep {
        if (state.change != null) opening.forgetSheet()
        return Step(state.closed(), stop = true)
    }

    private fun changed(state: SettingsState): SettingsStep {
        val wasChanged = state.change != null
        if (wasChanged) opening.forgetSheet()
        val said = Wish.Say(Say.phoneSettingsPassphraseChanged).takeIf { wasChanged }
        val next = read(state.copy(change = null, waits = false))
        return Step(next.state, next.ask, wish = said)
    }

    /** A second tap would make a second sheet. */
    private fun sheet(state: SettingsState): SettingsStep {
        if (state.waits || state.sheet != null) return Step(state)
        return Step(state.copy(waits = true, notice = null), ask = {
            asking(SettingsEvent::Failed) { SettingsEvent.SheetMade(sheetOf(vault.addSheet())) }
        })
    }

    private fun erasing(state: SettingsState, sure: Boolean): SettingsStep {
        if (!sure) return Step(state)
        return Step(state.copy(waits = true), ask = {
            asking(SettingsEvent::Failed) {
                vault.eraseVault()
                SettingsEvent.Erased
            }
        })
    }

    private fun failed(state: SettingsState, notice: Notice?): SettingsState {
        val done = state.copy(waits = false)
        return if (done.change !=
            null
        ) {
            done.copy(change = done.change.copy(notice = notice))
        } else {
            done.copy(notice = notice)
        }
    }
}

private fun SettingsState.closed() = copy(change = null, sheet = null, waits = false, notice = null)

private fun sheetOf(made: NewSheet) = Sheet(made.lines, made.qr)

private fun ways(slots: List<SlotRow>): List<Way> {
    val passphrases = slots.count { it.kind is SlotKind.Passphrase }
    return slots.map { slot ->
        val canRemove = slot.kind !is SlotKind.Passphrase || passphrases > 1
        Way(slot.id, wayText(slot), canRemove, slot.made, isFingers = slot.kind is SlotKind.Keystore)
    }
}

private fun wayText(slot: SlotRow): Text = if (slot.name.isNotEmpty()) {
    plain(slot.name)
} else {
    when (slot.kind) {
        is SlotKind.Passphrase -> Say.phoneUnlockByPassphrase
        is SlotKind.Keystore -> Say.phoneUnlockByFingers
        is SlotKind.Sheet -> Say.phoneSettingsSheet
        is SlotKind.Hardware -> Say.phoneSettingsHardware
    }
}
