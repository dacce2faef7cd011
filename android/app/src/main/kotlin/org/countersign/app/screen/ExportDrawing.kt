package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.view.ViewGroup
import android.widget.FrameLayout
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.column
import org.countersign.app.look.field
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.qr
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.secret
import org.countersign.app.look.secretInput
import org.countersign.app.look.section
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.scan.ExportEvent
import org.countersign.logic.scan.ExportState
import org.countersign.logic.scan.ExportStep
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count

/** The passphrase, then one code after the other. */
class ExportDrawing(private val context: Context, private val onEvent: (ExportEvent) -> Unit) : Drawing<ExportState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val passphrase = context.secretInput()
    private val main = context.mainButton("") { onEvent(ExportEvent.Prove(passphrase.secret())) }
    private val step = Part<ExportStep>(context, ::make)

    override val view: View =
        FrameLayout(context).apply {
            setBackgroundColor(context.palette.surface)
            addView(step)
        }

    override fun draw(state: ExportState) {
        if (state.step != ExportStep.Asking) passphrase.text.clear()
        step.show(state.step)
        notice.show(state.notice)
        main.isEnabled = !state.waits
        main.text = context.say(if (state.waits) Say.phoneWait else Say.phoneExportShow)
    }

    private fun make(step: ExportStep): View = when (step) {
        ExportStep.Asking -> asking()
        ExportStep.Nothing -> nothing(Say.phoneExportNothing)
        is ExportStep.Shows -> if (step.links.isEmpty()) nothing(Say.phoneExportNone) else shows(step)
    }

    private fun top(): View = context.head(context.say(Say.phoneExportTitle), { onEvent(ExportEvent.Back) })

    private fun asking(): View = with(context) {
        listOf(notice, main).forEach { (it.parent as? ViewGroup)?.removeView(it) }
        val ask = words(say(Say.phoneExportAsk))
        page(top(), column(ask, field(say(Say.phoneUnlockPassphrase), passphrase), notice), main)
    }

    private fun nothing(text: Text): View = with(context) {
        page(top(), column(title(say(text))), mainButton(say(Say.phoneDone)) { onEvent(ExportEvent.Back) })
    }

    private fun shows(step: ExportStep.Shows): View = with(context) {
        val part = say(Say.phoneExportPart(count(step.at + 1), count(step.links.size)))
        val heading = title(part).apply { accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE }
        val held = words(say(Say.phoneExportHeld)).apply { layoutParams = row(top = Space.S) }
        val code = qr(step.links[step.at].expose(), part)
        val left = step.left.map { words(it, Type.SMALL, palette.ink2) }
        val beneath = if (left.isEmpty()) null else column(section(say(Say.phoneExportLeft)), *left.toTypedArray())
        val next = say(if (step.isLast) Say.phoneDone else Say.phoneExportNext)
        page(top(), column(heading, held, code, beneath), mainButton(next) { onEvent(ExportEvent.Next) })
    }
}
