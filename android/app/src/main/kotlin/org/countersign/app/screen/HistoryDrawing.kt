package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.line
import org.countersign.app.look.palette
import org.countersign.app.look.pressed
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.section
import org.countersign.app.look.sign
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.approval.Asked
import org.countersign.logic.approval.HistoryEvent
import org.countersign.logic.approval.HistoryState
import org.countersign.logic.approval.Past
import org.countersign.logic.approval.PastWord
import org.countersign.logic.approval.Told
import org.countersign.logic.approval.dayOf
import org.countersign.logic.text.Moment
import org.countersign.logic.text.Say

/** What waits, what gateways tell, and what is over, by day. */
class HistoryDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (HistoryEvent) -> Unit,
) : Drawing<HistoryState> {
    private val notice =
        Part<Notice?>(context) { it?.let { context.noticeCard(it, onRetry = { onEvent(HistoryEvent.Retry) }) } }
    private val waiting = Part<List<Asked>>(context, ::waiting)
    private val told =
        Part<List<Told>>(context) { all ->
            all.takeIf { it.isNotEmpty() }?.let { context.column(*it.map(::told).toTypedArray()) }
        }
    private val past = Part<Shown>(context, ::past)
    private val foot = Part<Foot>(context, ::foot)
    private val empty = Part<Boolean>(context) { if (it) context.words(context.say(Say.phonePastEmpty)) else null }

    override val view: View =
        with(context) { page(head(say(Say.phonePastTitle), onBack), column(notice, waiting, told, past, empty), foot) }

    override fun draw(state: HistoryState) {
        notice.show(state.notice)
        waiting.show(state.waiting)
        told.show(state.told)
        past.show(Shown(state.past, state.open, state.open in state.undo))
        foot.show(Foot(state.reporting != null, state.waits))
        empty.show(!state.loads && state.waiting.isEmpty() && state.told.isEmpty() && state.past.isEmpty())
    }

    private data class Foot(val asks: Boolean, val waits: Boolean)

    private fun foot(foot: Foot): View? = with(context) {
        when {
            foot.asks -> asks(Say.phonePastReportAsk, Say.phonePastReportYes) { onEvent(HistoryEvent.Reporting(it)) }
            foot.waits -> below(say(Say.phoneWait))
            else -> null
        }
    }

    private fun waiting(all: List<Asked>): View? = with(context) {
        if (all.isEmpty()) return null
        val rows = all.map { asked ->
            card(words(asked.app), words(asked.host, Type.SMALL, palette.ink2)).apply {
                background = pressed(background, palette.accent)
                setOnClickListener { onEvent(HistoryEvent.OpenApproval(asked.id)) }
            }
        }
        column(section(say(Say.phonePastWaiting)), *rows.toTypedArray())
    }

    private fun told(told: Told): View = with(context) {
        val where = words("${told.host} · ${say(Moment(told.at))}", Type.SMALL, palette.ink2)
        val facts = told.facts.map { factRow(it) }
        val reported = told.reported?.let { words(say(it)).apply { layoutParams = row(top = Space.S) } }
        val report = quietButton(say(Say.phonePastNotMe), palette.danger) { onEvent(HistoryEvent.Report(told.id)) }
        val away = quietButton(say(Say.phonePastPutAway)) { onEvent(HistoryEvent.PutAway(told.id)) }
        card(
            line(sign(R.drawable.info, palette.ink2), words(say(told.text)).apply { beside() }),
            where.apply { layoutParams = row(top = Space.S) },
            *facts.toTypedArray(),
            reported,
            report.takeIf { told.canReport && told.reported == null },
            away,
        )
    }

    private fun past(shown: Shown): View? = with(context) {
        val all = shown.all
        if (all.isEmpty()) return null
        val days = all.groupBy { say(dayOf(it)) }
        column(
            *days.flatMap { (day, those) ->
                listOf(section(day)) + those.map { one(it, it.id == shown.open, shown.canUndo) }
            }.toTypedArray(),
        )
    }

    private fun one(past: Past, isOpen: Boolean, canUndo: Boolean): View = with(context) {
        val (drawing, colour) = shape(past.end)
        val name = if (past.app.isEmpty()) say(past.title) else past.app
        val below = listOf(say(past.word), past.host).filter { it.isNotEmpty() }.joinToString(" · ")
        val text = column(words(name), words(below, Type.SMALL, palette.ink2)).apply { beside() }
        val more = if (isOpen) more(past, canUndo) else null
        column(line(sign(drawing, colour), text), more).apply {
            background = pressed(null, palette.ink)
            minimumHeight = px(Space.TARGET)
            setPadding(0, px(Space.S), 0, px(Space.S))
            layoutParams = row()
            setOnClickListener { onEvent(HistoryEvent.Toggle(past.id)) }
        }
    }

    private fun more(past: Past, canUndo: Boolean): View = with(context) {
        val message = past.message?.let { words(it).apply { layoutParams = row(top = Space.S) } }
        val undo = quietButton(say(Say.phonePastNotMe), palette.danger) { onEvent(HistoryEvent.OpenApproval(past.id)) }
        val at = words("${say(past.title)} · ${say(Moment(past.at))}", Type.SMALL, palette.ink2)
        column(
            at.apply {
                layoutParams = row(top = Space.S)
            },
            message,
            *past.facts.map { factRow(it) }.toTypedArray(),
            undo.takeIf { canUndo },
        )
            .apply { setPaddingRelative(px(Space.XL + Space.M), 0, 0, 0) }
    }

    private fun View.beside() {
        layoutParams = rest()
        setPaddingRelative(context.px(Space.M), 0, 0, 0)
    }

    /** What is over; one entry may be open, and may be one that can still be refused. */
    private data class Shown(val all: List<Past>, val open: String?, val canUndo: Boolean)

    /** The shape says the word again. Red is for an attack alone. */
    private fun shape(end: PastWord): Pair<Int, Int> = with(context.palette) {
        when (end) {
            PastWord.APPROVED -> R.drawable.check to accent
            PastWord.DENIED -> R.drawable.close to ink2
            PastWord.REPORTED -> R.drawable.flag to danger
            PastWord.FAILED -> R.drawable.warning to warn
            PastWord.EXPIRED -> R.drawable.clock to ink2
            PastWord.OVER, PastWord.TOLD -> R.drawable.info to ink2
            PastWord.UNSURE -> R.drawable.info to warn
        }
    }
}
