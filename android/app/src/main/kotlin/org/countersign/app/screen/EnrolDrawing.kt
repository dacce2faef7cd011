package org.countersign.app.screen

import android.content.Context
import android.view.Gravity
import android.view.View
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.gateway.EnrolEvent
import org.countersign.logic.gateway.EnrolState
import org.countersign.logic.gateway.EnrolStep
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

/** A phone joins a gateway: the host is agreed to, then six digits go to the page. */
class EnrolDrawing(private val context: Context, private val onEvent: (EnrolEvent) -> Unit) : Drawing<EnrolState> {
    private val notice =
        Part<Notice?>(context) { it?.let { context.noticeCard(it) { act -> onEvent(EnrolEvent.OnNotice(act)) } } }
    private val body = Part<Page>(context, ::body)
    private val foot = Part<Pair<EnrolStep, Boolean>>(context) { (step, asksEnd) -> foot(step, asksEnd) }

    private val top = Part<Text>(context) { title ->
        context.head(context.say(title), { onEvent(EnrolEvent.Stop) })
    }

    override val view: View = context.page(top, context.column(body, notice), foot)

    private data class Page(val step: EnrolStep, val host: String, val name: String?, val willAsk: Boolean)

    override fun draw(state: EnrolState) {
        top.show(state.step.title())
        notice.show(state.notice)
        body.show(Page(state.step, state.host, state.name, state.willAsk))
        foot.show(state.step to state.asksEnd)
    }

    private fun body(page: Page): View = with(context) {
        when (val step = page.step) {
            EnrolStep.NoLink -> noticeCard(Notice(Say.phoneScanEnrolNoLink))

            EnrolStep.Asking ->
                column(
                    named(page),
                    words(say(Say.phoneScanEnrolAsk(plain(page.host)))).apply {
                        layoutParams =
                            row(top = Space.M)
                    },
                )

            EnrolStep.Enrolling -> words(say(Say.phoneScanEnrolUnderWay(plain(page.host))))

            is EnrolStep.Pending -> column(
                named(page),
                digitsCard(Say.phoneScanEnrolType, step.digits),
                below(say(Say.phoneScanEnrolWaits)),
            )

            EnrolStep.Joined -> {
                val text = Say.phoneScanEnrolJoined(host = plain(page.host), name = plain(page.name ?: page.host))
                column(
                    noticeCard(Notice(text, tone = Tone.GOOD)),
                    below(say(Say.phoneBellWhy)).takeIf { page.willAsk },
                )
            }

            is EnrolStep.Ended -> noticeCard(Notice(step.text, tone = Tone.WARN))
        }
    }

    private fun named(page: Page): View = with(context) {
        column(
            title(page.name ?: page.host),
            words(page.host, colour = palette.ink2).takeIf {
                page.name !=
                    null
            },
        )
    }

    private fun foot(step: EnrolStep, asksEnd: Boolean): View? = with(context) {
        if (asksEnd) {
            return asks(Say.phoneScanEnrolEndAsk, Say.phoneScanEnrolEndYes, no = Say.phoneScanEnrolEndNo) {
                onEvent(EnrolEvent.Ending(it))
            }
        }
        when (step) {
            EnrolStep.NoLink, is EnrolStep.Ended -> mainButton(say(Say.phoneScanAgain)) {
                onEvent(EnrolEvent.ScanAgain)
            }

            EnrolStep.Asking ->
                column(
                    mainButton(say(Say.phoneScanEnrolYes)) { onEvent(EnrolEvent.Agree) },
                    quietButton(say(Say.phoneCancel)) { onEvent(EnrolEvent.Stop) },
                )

            EnrolStep.Enrolling, is EnrolStep.Pending ->
                quietButton(say(Say.phoneCancel)) { onEvent(EnrolEvent.End) }

            EnrolStep.Joined -> mainButton(say(Say.phoneScanImportDone)) { onEvent(EnrolEvent.Done) }
        }
    }
}

private fun EnrolStep.title(): Text = when (this) {
    EnrolStep.Asking -> Say.phoneScanEnrolTitle
    EnrolStep.Enrolling, is EnrolStep.Pending -> Say.phoneScanEnrolGoing
    EnrolStep.Joined -> Say.phoneScanEnrolDone
    EnrolStep.NoLink, is EnrolStep.Ended -> Say.phoneScanEnrolOver
}

/** Digits to be typed elsewhere, and where. A screen reader says them one by one. */
internal fun Context.digitsCard(where: Text, digits: Digits): View {
    val large = words("\u2066${digits.grouped()}\u2069", Type.DIGITS).apply {
        gravity = Gravity.CENTER
        textAlignment = View.TEXT_ALIGNMENT_GRAVITY
        contentDescription = digits.spoken()
        layoutParams = row(top = Space.M)
    }
    return card(words(say(where)), large)
}
