package org.countersign.app.screen

import org.countersign.bindings.AutoLock
import org.countersign.logic.Notice
import org.countersign.logic.Preferences
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.settings.Licence
import org.countersign.logic.settings.PassphraseChange
import org.countersign.logic.settings.SettingsState
import org.countersign.logic.settings.Sheet
import org.countersign.logic.settings.Way
import org.countersign.logic.settings.about
import org.countersign.logic.settings.help
import org.countersign.logic.text.Say
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** The settings, help, and what it is made of, in every look. */
@RunWith(RobolectricTestRunner::class)
class SettingsScreensTest {
    @Test
    fun allPages() = settings("settings", null)

    @Test
    fun whenItLocks() = settings("settings-lock", SettingsTab.LOCK)

    @Test
    fun howItLooks() = settings("settings-looks", SettingsTab.LOOKS)

    @Test
    fun whatIsBackedUp() = settings("settings-backup", SettingsTab.BACKUP)

    @Test
    fun whatIsSeldomWanted() = settings("settings-advanced", SettingsTab.ADVANCED)

    @Test
    fun allIsErasedAfterAQuestion() = settings("settings-erase", SettingsTab.ADVANCED) { it.copy(asksErase = true) }

    @Test
    fun thePassphraseIsChanged() = settings("settings-passphrase", SettingsTab.LOCK) {
        it.copy(change = PassphraseChange(Notice(Say.phonePassphraseDiffers)))
    }

    @Test
    fun theSheetIsShownOnce() = settings("settings-sheet", SettingsTab.BACKUP) { it.copy(sheet = SHEET) }

    @Test
    fun helpAnswers() = everyLook("help", help()) { HelpDrawing(it, onBack = {}) }

    @Test
    fun itSaysWhatItIsMadeOf() {
        val parts =
            listOf(
                Licence("argon2", "MIT OR Apache-2.0"),
                Licence("JNA", "Apache-2.0 OR LGPL-2.1-or-later"),
                Licence("uniffi", "MPL-2.0"),
            )
        everyLook("about", about("0.1.0", parts)) { AboutDrawing(it, onBack = {}) }
    }

    private fun settings(name: String, tab: SettingsTab?, change: (SettingsState) -> SettingsState = { it }) =
        everyLook(name, change(SETTINGS.copy(tab = tab))) { SettingsDrawing(it, tab, onBack = {}, onEvent = {}) }

    private companion object {
        val SETTINGS =
            SettingsState(
                tab = null,
                likes = Preferences(fingers = true),
                lock = AutoLock(afterS = 60UL, onLeave = false, onScreenOff = true),
                ways =
                    listOf(
                        Way(1u, Say.phoneUnlockByPassphrase, canRemove = false),
                        Way(2u, Say.phoneUnlockByFingers, canRemove = true),
                        Way(3u, Say.phoneSettingsSheet, canRemove = true),
                    ),
                change = null,
                sheet = null,
                asksErase = false,
                waits = false,
                notice = null,
            )
        val SHEET =
            Sheet(
                listOf("1: KMQW-7RTA-9PLD-31HF", "2: X4NB-C0VE-52YJ-6SGZ", "3: 8UTM-QQ1R-D7KA-VHWE"),
                "countersign-sheet:1:KMQW7RTA9PLD31HFX4NBC0VE52YJ6SGZ8UTMQQ1RD7KAVHWE",
            )
    }
}
