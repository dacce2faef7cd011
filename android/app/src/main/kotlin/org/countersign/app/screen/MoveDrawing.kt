package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.widget.Button
import android.widget.FrameLayout
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.column
import org.countersign.app.look.digitsInput
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.qr
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.sign
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.gateway.MoveEvent
import org.countersign.logic.gateway.MoveState
import org.countersign.logic.gateway.MoveStep
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.clockFace
import org.countersign.logic.text.plain

private const val SIGN_DP = 64
private const val DIGITS = 6

/** Another phone of the same person joins: a code that it scans, then six digits that it shows. */
class MoveDrawing(private val context: Context, private val onEvent: (MoveEvent) -> Unit) : Drawing<MoveState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val left = context.words("", Type.SMALL, context.palette.ink2)
    private val digits = digitsField()
    private val step = Part<Pair<MoveStep, String>>(context) { (step, host) -> make(step, host) }

    override val view: View =
        FrameLayout(context).apply {
            setBackgroundColor(context.palette.surface)
            addView(step)
        }

    override fun draw(state: MoveState) {
        val now = state.step
        if (now is MoveStep.Shows) {
            left.text =
                context.say(Say.phoneApprovalTimeLeft(plain(clockFace(now.until, state.now))))
        }
        if (now !is MoveStep.Joining) digits.text.clear()
        step.show(plainStep(now) to state.host)
        confirm?.takeIf { now is MoveStep.Joining }?.apply {
            val waits = (now as MoveStep.Joining).waits
            isEnabled = !waits
            text = context.say(if (waits) Say.phoneWait else Say.phoneGatewayMoveConfirm)
        }
        notice.show(state.notice)
    }

    /** The code is read anew each time and is the same; waiting changes no field. */
    private fun plainStep(step: MoveStep): MoveStep {
        if (step is MoveStep.Joining) return step.copy(waits = false)
        val shown = this.shows
        if (step !is MoveStep.Shows) return step
        if (shown != null && shown.until == step.until && shown.link.isSameAs(step.link)) return shown
        return step.also { shows = it }
    }

    private var shows: MoveStep.Shows? = null
    private var confirm: Button? = null

    private fun make(step: MoveStep, host: String): View {
        listOf(notice, left, digits).forEach { (it.parent as? android.view.ViewGroup)?.removeView(it) }
        return when (step) {
            MoveStep.Asking -> asking(host)
            MoveStep.Inviting -> context.waitingPage(Say.phoneGatewayMoveInviting) { onEvent(MoveEvent.Back) }
            is MoveStep.Shows -> shows(step)
            is MoveStep.Joining -> joining(step)
            is MoveStep.Done -> ended(R.drawable.check, context.palette.accent, context.say(step.text))
            is MoveStep.Over -> ended(R.drawable.clock, context.palette.ink2, context.say(step.text))
        }
    }

    private fun top(): View = context.head(context.say(Say.phoneGatewayMove), { onEvent(MoveEvent.Back) })

    private fun asking(host: String): View = with(context) {
        val keep = choice(say(Say.phoneGatewayMoveKeep), say(Say.phoneGatewayMoveAsk(plain(host))), palette.ink) {
            onEvent(MoveEvent.Begin(replace = false))
        }
        val replace = choice(say(Say.phoneGatewayMoveReplace), say(Say.phoneGatewayMoveReplaceAbout), palette.ink) {
            onEvent(MoveEvent.Begin(replace = true))
        }
        page(top(), column(notice, keep, replace), null)
    }

    private fun shows(step: MoveStep.Shows): View = with(context) {
        page(
            top(),
            column(
                words(say(Say.phoneGatewayMoveScan)),
                qr(step.link.expose(), say(Say.phoneGatewayMove)),
                left.apply {
                    layoutParams =
                        row(top = Space.M)
                },
                notice,
            ),
            null,
        )
    }

    private fun joining(step: MoveStep.Joining): View = with(context) {
        val who = words(say(Say.phoneGatewayMoveJoining(plain(step.phone.model))))
        val send = mainButton(say(Say.phoneGatewayMoveConfirm)) {
            onEvent(MoveEvent.Confirm(Digits(digits.text.toString())))
        }
        confirm = send
        page(top(), column(who, digits.apply { layoutParams = row(top = Space.L) }, notice), send)
    }

    private fun ended(drawing: Int, colour: Int, words: String): View = with(context) {
        val text = title(words).apply {
            layoutParams = row(top = Space.L)
            accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        }
        page(
            null,
            column(sign(drawing, colour, SIGN_DP), text, notice),
            mainButton(say(Say.phoneDone)) {
                onEvent(MoveEvent.Back)
            },
        )
    }

    private fun digitsField() = context.digitsInput(DIGITS, context.say(Say.phoneGatewayMoveDigits))
}
