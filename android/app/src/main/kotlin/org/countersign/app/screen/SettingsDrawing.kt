package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.widget.FrameLayout
import org.countersign.app.look.Space
import org.countersign.app.look.Toggle
import org.countersign.app.look.column
import org.countersign.app.look.entry
import org.countersign.app.look.palette
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.Preferences
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.settings.SettingsEvent
import org.countersign.logic.settings.SettingsState
import org.countersign.logic.settings.Sheet
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

/** A page of the settings: drawn once, and told what stands. */
internal class Pane(val view: View, val foot: View? = null, val show: (SettingsState) -> Unit = {})

/** The settings: the list of pages, or one of them. What is asked on a page takes the place of all of it. */
class SettingsDrawing(
    private val context: Context,
    private val tab: SettingsTab?,
    private val onBack: () -> Unit,
    private val onEvent: (SettingsEvent) -> Unit,
) : Drawing<SettingsState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val pane = pane()
    private val settings =
        with(context) { page(head(say(tab.title()), onBack), column(notice, pane.view), pane.foot) }
    private val change = PassphrasePage(context, onEvent)
    private val sheet =
        Part<Pair<Sheet?, Notice?>>(context) { (sheet, notice) ->
            sheet?.let { context.sheetPage(it, notice, onEvent) }
        }

    override val view: View =
        FrameLayout(context).apply {
            setBackgroundColor(context.palette.surface)
            addView(settings)
            addView(change.view)
            addView(sheet)
        }

    override fun draw(state: SettingsState) {
        notice.show(state.notice)
        pane.show(state)
        change.show(state.change, state.waits)
        sheet.show(state.sheet to state.notice)
        settings.visibility = if (state.change == null && state.sheet == null) View.VISIBLE else View.GONE
    }

    private fun pane(): Pane = when (tab) {
        null -> Pane(context.pages(onEvent))

        SettingsTab.LOCK -> LockPane(context, onEvent).pane

        SettingsTab.LOOKS -> looks()

        SettingsTab.BACKUP -> backup()

        SettingsTab.LANGUAGE -> language()

        // It has a drawing of its own.
        SettingsTab.WIDGETS -> error("not here")

        SettingsTab.ADVANCED -> advanced()
    }

    private fun looks(): Pane = with(context) {
        var likes = Preferences()
        val change = { next: Preferences -> onEvent(SettingsEvent.Likes(next)) }
        val look = lookChoice { change(likes.copy(look = it)) }
        val hidden =
            toggle(Say.phoneSettingsHideAll, Say.phoneSettingsHideAllAbout) { change(likes.copy(hideAll = it)) }
        val next =
            toggle(Say.phoneSettingsShowNext, Say.phoneSettingsShowNextAbout) { change(likes.copy(showNext = it)) }
        hidden.layoutParams = row(top = Space.L)
        Pane(column(look, hidden, next)) { state ->
            likes = state.likes
            look.show(likes.look)
            hidden.show(likes.hideAll)
            next.show(likes.showNext)
        }
    }

    private fun backup(): Pane = with(context) {
        val make =
            entry(say(Say.phoneSettingsMakeSheet), say(Say.phoneSettingsMakeSheetAbout)) {
                onEvent(SettingsEvent.MakeSheet)
            }
        val other = entry(say(Say.phoneScanImportTitle), say(Say.phoneScanImportAbout)) {
            onEvent(SettingsEvent.OpenPage(Route.Import))
        }
        val out = entry(say(Say.phoneExportTitle), say(Say.phoneExportAbout)) {
            onEvent(SettingsEvent.OpenPage(Route.Export))
        }
        Pane(column(make, other, out)) { make.isEnabled = !it.waits }
    }

    private fun language(): Pane = with(context) {
        val name = resources.configuration.locales[0].let { it.getDisplayName(it) }
        Pane(entry(say(Say.phoneSettingsLanguage), name) { onEvent(SettingsEvent.Language) })
    }

    private fun advanced(): Pane = with(context) {
        val places =
            listOf(
                Say.phoneGatewayTitle to Route.Gateways,
                Say.phoneLedgerTitle to Route.Ledger,
                Say.phoneBatchTitle to Route.Batches,
                Say.phoneAccountsBin to Route.Bin,
            )
        val rows = places.map { (name, route) -> entry(say(name)) { onEvent(SettingsEvent.OpenPage(route)) } }
        val erase =
            entry(say(Say.phoneSettingsErase), say(Say.phoneSettingsEraseAbout), palette.danger) {
                onEvent(SettingsEvent.Erase)
            }
        val asks = Part<Boolean>(this) { asks ->
            if (asks) {
                asks(Say.phoneSettingsEraseAsk, Say.phoneSettingsEraseYes) {
                    onEvent(SettingsEvent.Erasing(it))
                }
            } else {
                null
            }
        }
        Pane(column(*rows.toTypedArray(), erase), asks) { asks.show(it.asksErase) }
    }
}

/** All pages, each with what is on it. */
private fun Context.pages(onEvent: (SettingsEvent) -> Unit): View {
    val tabs = SettingsTab.entries.map { tab ->
        entry(say(tab.title()), say(tab.about())) {
            // The page would hold this one row alone.
            onEvent(if (tab == SettingsTab.LANGUAGE) SettingsEvent.Language else SettingsEvent.Open(tab))
        }
    }
    val help = entry(say(Say.phoneSettingsHelp)) { onEvent(SettingsEvent.OpenPage(Route.Help)) }
    val about = entry(say(Say.phoneSettingsAbout)) { onEvent(SettingsEvent.OpenPage(Route.About)) }
    val bells = entry(say(Say.phoneBellTitle), say(Say.phoneBellAbout)) { onEvent(SettingsEvent.OpenPage(Route.Bells)) }
    return column(bells, *tabs.toTypedArray(), help, about)
}

internal fun Context.toggle(name: Text, about: Text, onChange: (Boolean) -> Unit) =
    Toggle(this, say(name), say(about), onChange)

private fun SettingsTab?.title(): Text = when (this) {
    null -> Say.phoneSettingsTitle
    SettingsTab.LOCK -> Say.phoneSettingsLock
    SettingsTab.LOOKS -> Say.phoneSettingsLooks
    SettingsTab.BACKUP -> Say.phoneSettingsBackup
    SettingsTab.LANGUAGE -> Say.phoneSettingsLanguage
    SettingsTab.WIDGETS -> Say.phoneSettingsWidgets
    SettingsTab.ADVANCED -> Say.phoneSettingsAdvanced
}

private fun SettingsTab.about(): Text = when (this) {
    SettingsTab.LOCK -> Say.phoneSettingsLockAbout
    SettingsTab.LOOKS -> Say.phoneSettingsLooksAbout
    SettingsTab.BACKUP -> Say.phoneSettingsBackupAbout
    SettingsTab.LANGUAGE -> Say.phoneSettingsLanguageAbout
    SettingsTab.WIDGETS -> Say.phoneSettingsWidgetsAbout
    SettingsTab.ADVANCED -> Say.phoneSettingsAdvancedAbout
}
