package org.countersign.app.screen

import android.content.Context
import android.graphics.Typeface
import android.view.View
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.field
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.qr
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.secret
import org.countersign.app.look.secretInput
import org.countersign.app.look.section
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.settings.AboutState
import org.countersign.logic.settings.HelpState
import org.countersign.logic.settings.PassphraseChange
import org.countersign.logic.settings.SettingsEvent
import org.countersign.logic.settings.Sheet
import org.countersign.logic.text.Say

/** The passphrase of now, and the new one twice. What is typed stands in the fields alone, and not longer than the page. */
internal class PassphrasePage(private val context: Context, private val onEvent: (SettingsEvent) -> Unit) {
    private val fields = List(FIELDS) { context.secretInput() }
    private val named: List<View>
    private val about = context.words("", colour = context.palette.ink2)
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val main = context.mainButton(context.say(Say.phoneSave)) {
        val (old, new, again) = fields.map { it.secret() }
        onEvent(SettingsEvent.Change(old, new, again))
    }

    val view: View =
        with(context) {
            val names =
                listOf(Say.phoneSettingsOldPassphrase, Say.phoneSettingsNewPassphrase, Say.phoneUnlockPassphraseAgain)
            named = names.zip(fields).map { (name, field) -> field(say(name), field) }
            page(
                head(say(Say.phoneSettingsChangePassphrase), { onEvent(SettingsEvent.Close) }),
                column(
                    about,
                    *named.toTypedArray(),
                    notice,
                ),
                main,
            )
        }

    fun show(change: PassphraseChange?, waits: Boolean) {
        view.visibility = if (change == null) View.GONE else View.VISIBLE
        if (change == null) fields.forEach { it.text.clear() }
        val bySheet = change?.bySheet == true
        named.first().visibility = if (bySheet) View.GONE else View.VISIBLE
        about.text = context.say(if (bySheet) Say.phoneSettingsAfterSheet else Say.phoneUnlockChoosePassphraseAbout)
        notice.show(change?.notice)
        main.isEnabled = !waits
        main.text = context.say(if (waits) Say.phoneUnlockMaking else Say.phoneSave)
    }

    private companion object {
        const val FIELDS = 3
    }
}

/** The recovery sheet, this once. */
internal fun Context.sheetPage(sheet: Sheet, notice: Notice?, onEvent: (SettingsEvent) -> Unit): View {
    val lines = sheet.lines.map {
        words(it).apply {
            typeface = Typeface.MONOSPACE
            textDirection = View.TEXT_DIRECTION_LTR
        }
    }
    val words = words(say(Say.phoneSettingsSheetOnce))
    return page(
        head(say(Say.phoneSettingsSheet), onBack = null),
        column(
            words,
            notice?.let {
                noticeCard(it)
            },
            card(*lines.toTypedArray()),
            qr(sheet.qr.toByteArray(), say(Say.phoneSettingsSheet)),
        ),
        mainButton(say(Say.phoneDone)) { onEvent(SettingsEvent.Close) },
    )
}

/** Help: what people ask first. */
internal class HelpDrawing(private val context: Context, private val onBack: () -> Unit) : Drawing<HelpState> {
    private val answers = Part<HelpState>(context) { help ->
        with(context) {
            column(*help.answers.map { words(say(it)).apply { layoutParams = row(top = Space.L) } }.toTypedArray())
        }
    }

    override val view: View = with(context) { page(head(say(Say.phoneSettingsHelp), onBack), answers, null) }

    override fun draw(state: HelpState) = answers.show(state)
}

/** The version, and what it is made of. */
internal class AboutDrawing(private val context: Context, private val onBack: () -> Unit) : Drawing<AboutState> {
    private val body = Part<AboutState>(context, ::body)

    override val view: View = with(context) { page(head(say(Say.phoneSettingsAbout), onBack), body, null) }

    override fun draw(state: AboutState) = body.show(state)

    private fun body(about: AboutState): View = with(context) {
        val parts = about.licences.map { licence ->
            column(words(licence.part), words(licence.name, Type.SMALL, palette.ink2)).apply {
                layoutParams =
                    row(top = Space.M)
            }
        }
        column(
            title("Countersign"),
            words(say(about.version), colour = palette.ink2),
            words(say(about.source)).apply { layoutParams = row(top = Space.L) },
            section(say(Say.phoneSettingsLicences)),
            *parts.toTypedArray(),
        )
    }
}
