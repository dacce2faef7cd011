package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.look.Type
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.entry
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.scan.Found
import org.countersign.logic.scan.ScanEvent
import org.countersign.logic.scan.ScanState
import org.countersign.logic.text.Say

/** What the camera sees, or what to do without one; and what was read, named before anything is stored. */
class ScanDrawing(
    private val context: Context,
    finder: Viewfinder,
    private val onBack: () -> Unit,
    /** Reads what was copied. */
    private val onPaste: () -> Unit,
    private val onEvent: (ScanEvent) -> Unit,
) : Drawing<ScanState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val pane = FinderPane(
        context,
        finder,
        Say.phoneScanPoint,
        NoCamera(Say.phoneScanCameraAbsent, Say.phoneScanCameraRefused),
        onTorch = { onEvent(ScanEvent.Torch(it)) },
        onSettings = { onEvent(ScanEvent.OpenSettings) },
        onRetry = { onEvent(ScanEvent.OpenCamera) },
    )
    private val found = Part<Found?>(context) { it?.let(::found) }
    private val foot = Part<Pair<Found?, Boolean>>(context) { (found, waits) -> foot(found, waits) }

    override val view: View =
        with(context) {
            page(head(say(Say.phoneScanTitle), onBack), column(pane.view, notice, found), foot)
        }

    override fun draw(state: ScanState) {
        pane.view.visibility = if (state.found == null) View.VISIBLE else View.GONE
        pane.draw(state.camera, state.torch, state.reads)
        notice.show(state.notice)
        found.show(state.found)
        foot.show(state.found to (state.waits && state.found != null))
    }

    private fun found(found: Found): View = with(context) {
        when (found) {
            is Found.Account -> account(found)
            is Found.Several -> several(found)
            is Found.Other -> noticeCard(Notice(found.text))
            is Found.Enrolment, is Found.Offline -> column()
        }
    }

    private fun account(found: Found.Account): View = with(context) {
        val question = say(if (found.there == null) Say.phoneScanAddTitle else Say.phoneScanThere)
        val remarks = found.remarks.map { noticeCard(Notice(it)) }
        column(
            title(question),
            card(
                words(found.title),
                words(found.subtitle, Type.SMALL, palette.ink2).takeIf { found.subtitle.isNotEmpty() },
            ),
            *remarks.toTypedArray(),
        )
    }

    private fun several(found: Found.Several): View = with(context) {
        val rows = found.labels.mapIndexed { place, label ->
            entry(say(label)) { onEvent(ScanEvent.Choose(place)) }
        }
        column(words(say(Say.phoneScanSeveral)), *rows.toTypedArray())
    }

    private fun foot(found: Found?, waits: Boolean): View = with(context) {
        if (found == null) return others()
        val yes = (found as? Found.Account)?.let { if (it.there == null) Say.phoneScanAdd else Say.phoneScanShow }
        column(
            yes?.let { words ->
                val now = say(if (waits) Say.phoneWait else words)
                mainButton(now) { onEvent(ScanEvent.Agree) }.apply { isEnabled = !waits }
            },
            quietButton(say(Say.phoneScanAgain)) { onEvent(ScanEvent.Again) },
        )
    }

    /** The ways beside the camera. */
    private fun others(): View = with(context) {
        column(
            quietButton(say(Say.phoneScanPicture)) { onEvent(ScanEvent.PickPicture) },
            quietButton(say(Say.phoneScanPaste)) { onPaste() },
            quietButton(say(Say.phoneScanFormNew)) { onEvent(ScanEvent.Type) },
        ).apply { layoutParams = row() }
    }
}
