package org.countersign.logic.scan

import org.countersign.bindings.TransferProgress
import org.countersign.bindings.TransferRow
import org.countersign.bindings.TransferState
import org.countersign.logic.FileKind
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Step
import org.countersign.logic.Wish
import org.countersign.logic.core.TransferCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.fault.inputText
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

/** Many accounts at once: Google's transfer, part by part. What core cannot read yet is not offered. */
data class ImportState(
    val progress: TransferProgress,
    /** What each account comes to. */
    val rows: List<ImportLine>,
    /** Parts are missing: it is asked whether to do without them. */
    val asksPartly: Boolean,
    val waits: Boolean,
    val isDone: Boolean,
    val notice: Notice?,
) : Screen

data class ImportLine(val title: String, val subtitle: String, val end: ImportEnd, val word: Text)

enum class ImportEnd { NEW, ADDED, THERE, REFUSED }

sealed interface ImportEvent {
    /** The next part, by the camera. */
    data object Scan : ImportEvent

    data object PickPicture : ImportEvent

    data object Add : ImportEvent

    data class Partly(val sure: Boolean) : ImportEvent

    /** Begins again with another transfer. */
    data object Anew : ImportEvent

    data object Done : ImportEvent

    data class Read(val rows: List<TransferRow>, val isDone: Boolean) : ImportEvent

    data class Failed(val notice: Notice?) : ImportEvent
}

private typealias ImportStep = Step<ImportState, ImportEvent>

class ImportLogic(private val handed: Handed) : Logic<ImportState, ImportEvent> {
    private val transfer: TransferCalls get() = handed.transfer

    override fun begin(): ImportStep = read(ImportState(transfer.progress(), emptyList(), false, false, false, null))

    override fun on(state: ImportState, event: ImportEvent): ImportStep = when (event) {
        ImportEvent.Scan -> Step(state, go = Go.To(Route.Scan))
        ImportEvent.PickPicture -> Step(state, wish = Wish.PickFile(FileKind.PICTURE), go = Go.To(Route.Scan))
        ImportEvent.Add -> add(state)
        is ImportEvent.Partly -> partly(state.copy(asksPartly = false), event.sure)
        ImportEvent.Anew -> anew(state)
        ImportEvent.Done -> Step(state, go = Go.Home)
        is ImportEvent.Read -> Step(drawn(state, event))
        is ImportEvent.Failed -> Step(state.copy(waits = false, notice = event.notice))
    }

    private fun read(state: ImportState): ImportStep {
        val progress = transfer.progress()
        if (progress.accounts == 0UL) return Step(state.copy(progress = progress, rows = emptyList()))
        return Step(state.copy(progress = progress, waits = true), ask = {
            asking(ImportEvent::Failed) { ImportEvent.Read(transfer.rows(), isDone = false) }
        })
    }

    private fun add(state: ImportState): ImportStep = when {
        state.progress.accounts == 0UL || state.waits -> Step(state)
        !state.progress.isWhole -> Step(state.copy(asksPartly = true))
        else -> take(state, partly = false)
    }

    private fun partly(state: ImportState, sure: Boolean): ImportStep =
        if (sure) take(state, partly = true) else Step(state)

    private fun take(state: ImportState, partly: Boolean): ImportStep =
        Step(state.copy(waits = true, notice = null), ask = {
            asking(ImportEvent::Failed) { ImportEvent.Read(transfer.import(partly), isDone = true) }
        })

    private fun anew(state: ImportState): ImportStep {
        handed.newTransfer()
        return read(state.copy(isDone = false, notice = null))
    }

    private fun drawn(state: ImportState, read: ImportEvent.Read) =
        state.copy(rows = read.rows.map(::importLine), waits = false, isDone = read.isDone)
}

private fun importLine(row: TransferRow): ImportLine {
    val (end, word) = importEnd(row.state)
    val subtitle = if (row.issuer.isEmpty()) "" else row.name
    return ImportLine(row.issuer.ifEmpty { row.name }, subtitle, end, word)
}

private fun importEnd(state: TransferState): Pair<ImportEnd, Text> = when (state) {
    is TransferState.New -> ImportEnd.NEW to Say.phoneImportNew
    is TransferState.Added -> ImportEnd.ADDED to Say.phoneImportAdded
    is TransferState.There -> ImportEnd.THERE to Say.phoneImportThere
    is TransferState.Twice -> ImportEnd.THERE to Say.phoneImportTwice
    is TransferState.Unreadable -> ImportEnd.REFUSED to Say.scanEntryDamaged
    is TransferState.Refused -> ImportEnd.REFUSED to inputText(state.fault)
}
