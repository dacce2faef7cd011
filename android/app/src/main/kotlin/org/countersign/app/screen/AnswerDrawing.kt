package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.look.Space
import org.countersign.app.look.column
import org.countersign.app.look.mainButton
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.gateway.AnswerEvent
import org.countersign.logic.gateway.AnswerState
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain

/** A sign-in without a network: who asks is shown, and after a yes the eight digits for the page. */
class AnswerDrawing(private val context: Context, private val onEvent: (AnswerEvent) -> Unit) : Drawing<AnswerState> {
    private val body = Part<AnswerState>(context, ::body)
    private val foot = Part<AnswerState>(context, ::foot)

    override val view: View = with(context) {
        page(head(say(Say.phoneScanAnswerTitle), { onEvent(AnswerEvent.Done) }), body, foot)
    }

    override fun draw(state: AnswerState) {
        body.show(state)
        foot.show(state)
    }

    private fun body(state: AnswerState): View = with(context) {
        val notice = state.notice?.let { noticeCard(it) }
        val (asked, code) = state.asked to state.code
        when {
            asked != null && code != null ->
                column(
                    digitsCard(Say.phoneScanAnswerType(plain(asked.app)), code),
                    askedView(asked).apply { layoutParams = row(top = Space.XL) },
                )

            asked != null ->
                column(
                    askedView(asked),
                    words(say(Say.phoneScanAnswerAsk)).apply { layoutParams = row(top = Space.L) },
                    notice,
                )

            state.waits -> words(say(Say.phoneScanAnswerChecks(plain(state.host)))).apply {
                accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
            }

            else -> notice ?: noticeCard(Notice(Say.phoneScanEnrolNoLink))
        }
    }

    private fun foot(state: AnswerState): View = with(context) {
        val done = { onEvent(AnswerEvent.Done) }
        when {
            state.code != null -> mainButton(say(Say.phoneDone), onTap = done)

            state.asked != null ->
                column(
                    mainButton(say(if (state.waits) Say.phoneWait else Say.phoneScanAnswerShow)) {
                        onEvent(AnswerEvent.Agree)
                    }.apply { isEnabled = !state.waits },
                    quietButton(say(Say.phoneCancel), onTap = done),
                )

            state.waits -> quietButton(say(Say.phoneCancel), onTap = done)

            else -> mainButton(say(Say.phoneScanAgain)) { onEvent(AnswerEvent.ScanAgain) }
        }
    }
}
