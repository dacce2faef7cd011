package org.countersign.app.screen

import android.content.Context
import android.text.InputType
import android.view.View
import android.view.ViewGroup
import android.widget.FrameLayout
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.entry
import org.countersign.app.look.field
import org.countersign.app.look.input
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.secret
import org.countersign.app.look.secretInput
import org.countersign.app.look.words
import org.countersign.bindings.BatchRow
import org.countersign.bindings.SeedFileKind
import org.countersign.logic.Notice
import org.countersign.logic.burn.BatchesEvent
import org.countersign.logic.burn.BatchesState
import org.countersign.logic.burn.Reading
import org.countersign.logic.text.Say
import org.countersign.logic.text.count

/** Batches that are under way, and a file that begins one. */
class BatchesDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (BatchesEvent) -> Unit,
) : Drawing<BatchesState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val rows =
        Part<Pair<List<BatchRow>, ULong?>?>(context) { it?.let { (batches, forgetting) -> rows(batches, forgetting) } }
    private val foot = Part<Boolean>(context, ::foot)
    private val password = context.secretInput()
    private val name = context.input(InputType.TYPE_CLASS_TEXT)
    private val reading = Part<Reading?>(context) { it?.let(::read) }
    private val list = with(context) { page(head(say(Say.phoneBatchTitle), onBack), column(notice, rows), foot) }

    override val view: View =
        FrameLayout(context).apply {
            setBackgroundColor(context.palette.surface)
            addView(list)
            addView(reading)
        }

    override fun draw(state: BatchesState) {
        notice.show(state.notice)
        rows.show((state.rows to state.forgetting).takeIf { !state.loads || state.rows.isNotEmpty() })
        foot.show(state.forgetting != null)
        list.visibility = if (state.reading == null) View.VISIBLE else View.GONE
        if (state.reading == null) listOf(password, name).forEach { it.text.clear() }
        reading.show(state.reading)
    }

    private fun rows(batches: List<BatchRow>, forgetting: ULong?): View = with(context) {
        if (batches.isEmpty()) return words(say(Say.phoneBatchEmpty), colour = palette.ink2)
        column(*batches.map { one(it, isMeant = it.id == forgetting) }.toTypedArray())
    }

    private fun one(batch: BatchRow, isMeant: Boolean): View = with(context) {
        val open =
            entry(batch.name, say(Say.phoneBatchDoneOf(count(batch.done), count(batch.rows)))) {
                onEvent(BatchesEvent.Open(batch.id))
            }
        val forget = quietButton(say(Say.phoneBatchForget), palette.ink2) { onEvent(BatchesEvent.Forget(batch.id)) }
        card(open, forget.takeIf { !isMeant }).apply {
            if (isMeant) {
                background =
                    box(palette.tint, border = palette.ink2)
            }
        }
    }

    private fun foot(forgets: Boolean): View = with(context) {
        if (forgets) {
            return asks(Say.phoneBatchForgetAsk, Say.phoneBatchForget) {
                onEvent(BatchesEvent.Forgetting(it))
            }
        }
        mainButton(say(Say.phoneBatchPick)) { onEvent(BatchesEvent.Pick) }
    }

    /** What a file holds is told before it is kept. */
    private fun read(reading: Reading): View = with(context) {
        val top = head(say(Say.phoneBatchKeep), { onEvent(BatchesEvent.Close) })
        val fault = reading.notice?.let { noticeCard(it) }
        val read = reading.read
        when {
            reading.waits -> waitingPage(Say.phoneWait) { onEvent(BatchesEvent.Close) }
            read != null -> page(top, column(told(read.rows.size, read.faults.size), named(), fault), keep())
            reading.kind == null -> page(top, column(fault, kinds()), null)
            else -> page(top, column(fault, sealed()), open())
        }
    }

    private fun told(rows: Int, faults: Int): View = with(context) {
        val wrong = words(say(Say.phoneBatchFaults(count(faults))), colour = palette.warn)
        column(words(say(Say.phoneBatchRows(count(rows))), Type.TITLE), wrong.takeIf { faults > 0 })
    }

    private fun named(): View = context.field(context.say(Say.phoneBatchName), name.alone())

    private fun sealed(): View = context.field(context.say(Say.phoneLedgerPassword), password.alone())

    private fun keep(): View = context.mainButton(context.say(Say.phoneBatchKeep)) {
        onEvent(BatchesEvent.Keep(name.text.toString()))
    }

    private fun open(): View = context.mainButton(context.say(Say.phoneNextStep)) {
        onEvent(BatchesEvent.Password(password.secret()))
    }

    private fun kinds(): View = with(context) {
        val kinds = SeedFileKind.entries.map { kind -> entry(kind.words()) { onEvent(BatchesEvent.KindIs(kind)) } }
        column(*kinds.toTypedArray()).apply { layoutParams = row(top = Space.M) }
    }

    /** A page is made anew around a field that stays. */
    private fun <V : View> V.alone(): V = apply { (parent as? ViewGroup)?.removeView(this) }
}

/** As their makers call them. */
private fun SeedFileKind.words(): String = when (this) {
    SeedFileKind.LINKS -> "otpauth://"
    SeedFileKind.TABLE -> "CSV"
    SeedFileKind.ENTRA -> "Microsoft Entra (CSV)"
    SeedFileKind.OATH -> "oath-toolkit"
    SeedFileKind.MOLTO -> "Token2 Molto-2 (CSV)"
    SeedFileKind.MOLTO_TEXT -> "Token2 Molto-2 (TXT)"
    SeedFileKind.PSKC -> "PSKC (RFC 6030)"
}
