package org.countersign.app.screen

import android.app.Activity
import android.widget.FrameLayout
import org.countersign.app.look.palette
import org.countersign.app.widget.views
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
import org.countersign.logic.widget.WidgetName
import org.countersign.logic.widget.WidgetRow
import org.countersign.logic.widget.WidgetState
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
    fun aWayIsRemovedAfterAQuestion() =
        settings("settings-remove", SettingsTab.LOCK) { it.copy(removing = it.ways.last()) }

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
    fun theSheetStandsForTheForgottenPassphrase() = settings("settings-after-sheet", SettingsTab.LOCK) {
        it.copy(change = PassphraseChange(null, bySheet = true))
    }

    @Test
    fun namesAreChosenForTheHomeScreen() = names("settings-widgets", NAMES)

    @Test
    fun noMoreNamesThanTheHomeScreenHolds() = names(
        "settings-widgets-full",
        NAMES.copy(rows = NAMES.rows.map { it.copy(isOn = true) }, isFull = true),
    )

    @Test
    fun theHomeScreenHasNamesAlone() = everyLook("widget", listOf("GitHub", LONG_NAME), mayEnd = true) {
        OnHomeScreen(it)
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
        const val MADE = 1_750_000_000UL
        val SETTINGS =
            SettingsState(
                tab = null,
                likes = Preferences(fingers = true),
                lock = AutoLock(afterS = 60UL, onLeave = false, onScreenOff = true),
                ways =
                    listOf(
                        Way(1u, Say.phoneUnlockByPassphrase, canRemove = false, MADE),
                        Way(2u, Say.phoneUnlockByFingers, canRemove = true, MADE, isFingers = true),
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

private fun names(name: String, state: WidgetState) = everyLook(name, state) {
    WidgetDrawing(it, onBack = {}, onEvent = {})
}

private const val LONG_NAME = "Company-wide expense reporting and travel"

private val NAMES = WidgetState(
    listOf(
        WidgetRow(1UL, "GitHub", "mara@example.com", isOn = true),
        WidgetRow(2UL, LONG_NAME, "", isOn = false),
        WidgetRow(3UL, "VPN", "mara", isOn = false),
    ),
    isFull = false,
    loads = false,
    notice = null,
)

/** The widget as the home screen draws it. */
private class OnHomeScreen(private val context: Activity) : Drawing<List<String>> {
    override val view = FrameLayout(context).apply { setBackgroundColor(context.palette.line) }

    override fun draw(state: List<String>) {
        val names = state.mapIndexed { at, title -> WidgetName(at.toULong(), title) }
        view.addView(context.views(names).apply(context, view))
    }
}
