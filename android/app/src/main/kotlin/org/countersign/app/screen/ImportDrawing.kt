package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.column
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.bindings.TransferProgress
import org.countersign.logic.Notice
import org.countersign.logic.scan.ImportEnd
import org.countersign.logic.scan.ImportEvent
import org.countersign.logic.scan.ImportLine
import org.countersign.logic.scan.ImportState
import org.countersign.logic.text.Say
import org.countersign.logic.text.count

/** Many accounts at once: which parts were read, what each account comes to, and the step that adds them. */
class ImportDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (ImportEvent) -> Unit,
) : Drawing<ImportState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val parts = Part<TransferProgress>(context, ::parts)
    private val rows = Part<List<ImportLine>>(context, ::rows)
    private val foot = Part<Foot>(context, ::foot)

    override val view: View =
        with(context) { page(head(say(Say.phoneScanImportTitle), onBack), column(notice, parts, rows), foot) }

    private data class Foot(
        val progress: TransferProgress,
        val isEmpty: Boolean,
        val asks: Boolean,
        val waits: Boolean,
        val isDone: Boolean,
    )

    override fun draw(state: ImportState) {
        notice.show(state.notice)
        parts.show(state.progress)
        rows.show(state.rows)
        foot.show(Foot(state.progress, state.rows.isEmpty(), state.asksPartly, state.waits, state.isDone))
    }

    private fun parts(progress: TransferProgress): View = with(context) {
        val parts = progress.parts
        if (parts.isEmpty()) return words(say(Say.phoneScanImportAbout), colour = palette.ink2)
        val all = words(say(Say.phoneScanImportProgress(count(parts.count { it }), count(parts.size))))
        val each = if (parts.size in NAMED) parts.mapIndexed(::part) else emptyList()
        column(all, *each.toTypedArray())
    }

    private fun part(part: Int, isRead: Boolean): View = with(context) {
        val number = count(part + 1)
        val text = if (isRead) Say.phoneScanImportPartRead(number) else Say.phoneScanImportPartMissing(number)
        words(say(text), Type.SMALL, if (isRead) palette.ink2 else palette.warn)
    }

    private fun rows(rows: List<ImportLine>): View? =
        if (rows.isEmpty()) null else context.column(*rows.map(::line).toTypedArray())

    private fun line(row: ImportLine): View = with(context) {
        val subtitle = words(row.subtitle, Type.SMALL, palette.ink2).takeIf { row.subtitle.isNotEmpty() }
        val colour = if (row.end == ImportEnd.REFUSED) palette.warn else palette.ink2
        column(words(row.title), subtitle, words(say(row.word), Type.SMALL, colour)).apply {
            layoutParams = row(top = Space.M)
        }
    }

    private fun foot(foot: Foot): View = with(context) {
        when {
            foot.isDone ->
                column(
                    mainButton(say(Say.phoneScanImportDone)) { onEvent(ImportEvent.Done) },
                    quietButton(say(Say.phoneScanImportAnew)) { onEvent(ImportEvent.Anew) },
                )

            foot.asks -> partly(foot)

            foot.isEmpty || !foot.progress.isWhole -> next(foot)

            else -> column(add(foot), quietButton(say(Say.phoneScanImportAnew)) { onEvent(ImportEvent.Anew) })
        }
    }

    /** Not all parts are read: the next one first. */
    private fun next(foot: Foot): View = with(context) {
        column(
            mainButton(say(Say.phoneScanImportNext)) {
                onEvent(ImportEvent.Scan)
            }.apply { isEnabled = !foot.waits },
            quietButton(say(Say.phoneScanImportPicture)) { onEvent(ImportEvent.PickPicture) },
            quietButton(say(Say.phoneScanImportAdd)) { onEvent(ImportEvent.Add) }.takeIf { !foot.isEmpty },
        )
    }

    private fun add(foot: Foot): View = with(context) {
        val words = say(if (foot.waits) Say.phoneWait else Say.phoneScanImportAdd)
        mainButton(words) { onEvent(ImportEvent.Add) }.apply { isEnabled = !foot.waits }
    }

    private fun partly(foot: Foot): View {
        val progress = foot.progress
        val question = Say.phoneScanImportPartly(
            all = count(progress.expected.toInt()),
            n = count(progress.accounts.toInt()),
        )
        return context.asks(question, Say.phoneScanImportAdd, context.palette.accent) {
            onEvent(ImportEvent.Partly(it))
        }
    }

    private companion object {
        /** So many parts are named one by one; more are counted alone. */
        val NAMED = 2..12
    }
}
