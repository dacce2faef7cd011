package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.view.ViewGroup
import android.widget.FrameLayout
import org.countersign.app.look.digitsInput
import org.countersign.app.look.palette
import org.countersign.app.look.say
import org.countersign.app.look.secretInput
import org.countersign.app.port.ReaderState
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.burn.BurnEvent
import org.countersign.logic.burn.BurnState
import org.countersign.logic.burn.BurnStep
import org.countersign.logic.text.Say

/** Writing a token: one page for each step. */
class BurnDrawing(
    private val context: Context,
    private val reader: () -> ReaderState,
    private val onSettings: () -> Unit,
    private val onEvent: (BurnEvent) -> Unit,
) : Drawing<BurnState> {
    private val notice =
        Part<Notice?>(context) { it?.let { context.noticeCard(it) { act: Act -> onEvent(BurnEvent.OnNotice(act)) } } }
    private val pages = BurnPages(context, notice, onEvent)
    private val passphrase = context.secretInput()
    private val compare = ComparePage(context, notice, onEvent)
    private val page = Part<Drawn>(context, ::make)

    override val view: View =
        FrameLayout(context).apply {
            setBackgroundColor(context.palette.surface)
            addView(page)
        }

    /** What makes another page; all else is told to the page that is there. */
    private data class Drawn(val step: BurnStep, val keys: List<String>, val key: String?, val reader: ReaderState)

    override fun draw(state: BurnState) {
        val step = state.step
        if (step !is BurnStep.Passphrase) passphrase.text.clear()
        page.show(Drawn(step.still(), state.keys, state.key, reader()))
        notice.show(state.notice)
        pages.tell(step, state.asksStop)
        if (step is BurnStep.Compare) compare.show(step)
    }

    /** The codes go by, the steps are counted and a call waits on the same page. */
    private fun BurnStep.still(): BurnStep = when (this) {
        is BurnStep.Passphrase -> copy(waits = false)
        is BurnStep.HoldToWrite -> copy(progress = progress.copy(steps = 0, done = emptyList()))
        is BurnStep.Compare -> copy(codes = null, waits = false)
        else -> this
    }

    private fun make(drawn: Drawn): View {
        (notice.parent as? ViewGroup)?.removeView(notice)
        val nfc = if (drawn.reader == ReaderState.ON) null else noNfc()
        return when (val step = drawn.step) {
            is BurnStep.Passphrase -> pages.passphrase(passphrase)
            is BurnStep.HoldToPlan -> pages.hold(Say.phoneBurnHold, step.waits, nfc, pages.keys(drawn.keys, drawn.key))
            is BurnStep.Plan -> pages.plan(step.shown)
            is BurnStep.HoldToWrite -> pages.hold(Say.phoneBurnHold, step.progress.writes, nfc, pages.steps())
            is BurnStep.Lost -> pages.lost(step.waits, nfc)
            is BurnStep.TakeUp -> pages.takeUp(step, nfc)
            is BurnStep.Compare -> compare.page(step)
            is BurnStep.Done -> pages.done(step)
        }
    }

    private fun noNfc(): View = context.noNfcCard(onSettings)
}
