package org.countersign.logic.burn

import org.countersign.bindings.BatchEntry
import org.countersign.bindings.BatchRow
import org.countersign.bindings.FileKey
import org.countersign.bindings.SeedFileKind
import org.countersign.logic.FileKind
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.Step
import org.countersign.logic.Wish
import org.countersign.logic.core.LedgerCalls
import org.countersign.logic.core.SeedsRead
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say

/** Batches of tokens that are under way, and a file that begins one. */
data class BatchesState(
    val rows: List<BatchRow>,
    val reading: Reading?,
    val forgetting: ULong?,
    val loads: Boolean,
    val notice: Notice?,
) : Screen

/** A file of seeds: what it holds is told before it is kept. Its bytes print nothing. */
class Reading(
    val file: ByteArray,
    val kind: SeedFileKind?,
    val read: SeedsRead?,
    val waits: Boolean,
    val notice: Notice?,
) {
    override fun toString(): String = "Reading($kind, ${read?.rows?.size})"
}

sealed interface BatchesEvent {
    data object Changed : BatchesEvent

    data object Pick : BatchesEvent

    class Picked(val file: ByteArray) : BatchesEvent

    /** What the file is, where it does not show. */
    data class KindIs(val kind: SeedFileKind) : BatchesEvent

    data class Password(val password: Secret) : BatchesEvent

    data class Keep(val name: String) : BatchesEvent

    data object Close : BatchesEvent

    data class Open(val id: ULong) : BatchesEvent

    data class Forget(val id: ULong) : BatchesEvent

    data class Forgetting(val sure: Boolean) : BatchesEvent

    data class Listed(val rows: List<BatchRow>) : BatchesEvent

    class Read(val read: SeedsRead) : BatchesEvent

    data class Kept(val id: ULong) : BatchesEvent

    data class Failed(val notice: Notice?) : BatchesEvent
}

private typealias BatchesStep = Step<BatchesState, BatchesEvent>

class BatchesLogic(private val ledger: LedgerCalls) : Logic<BatchesState, BatchesEvent> {
    override fun begin(): BatchesStep = list(BatchesState(emptyList(), null, null, loads = true, notice = null))

    override fun back(state: BatchesState): BatchesEvent? = when {
        state.reading != null -> BatchesEvent.Close
        state.forgetting != null -> BatchesEvent.Forgetting(sure = false)
        else -> null
    }

    override fun on(state: BatchesState, event: BatchesEvent): BatchesStep = when (event) {
        BatchesEvent.Changed -> list(state)

        BatchesEvent.Pick -> Step(state, wish = Wish.PickFile(FileKind.SEEDS))

        is BatchesEvent.Picked -> picked(state, event.file)

        is BatchesEvent.KindIs -> state.reading?.let { read(state, it.file, event.kind, FileKey.Nothing) }
            ?: Step(state)

        is BatchesEvent.Password -> password(state, event.password)

        is BatchesEvent.Keep -> keep(state, event.name.trim())

        BatchesEvent.Close -> Step(state.copy(reading = null), stop = true)

        is BatchesEvent.Open -> Step(state, go = Go.To(Route.Batch(event.id)))

        is BatchesEvent.Forget -> Step(state.copy(forgetting = event.id))

        is BatchesEvent.Forgetting -> forget(state.copy(forgetting = null), state.forgetting.takeIf { event.sure })

        is BatchesEvent.Listed -> Step(state.copy(rows = event.rows, loads = false))

        is BatchesEvent.Read -> Step(state.reading { Reading(it.file, it.kind, event.read, false, null) })

        is BatchesEvent.Kept -> Step(state.copy(reading = null), go = Go.To(Route.Batch(event.id)))

        is BatchesEvent.Failed -> Step(failed(state, event.notice))
    }

    private fun list(state: BatchesState): BatchesStep =
        Step(state, ask = { asking(BatchesEvent::Failed) { BatchesEvent.Listed(ledger.batches()) } })

    private fun picked(state: BatchesState, file: ByteArray): BatchesStep =
        when (val kind = runCatching { ledger.kindOf(file) }.getOrNull()) {
            null -> Step(state.copy(reading = Reading(file, null, null, false, Notice(Say.phoneBatchWhichKind))))
            else -> read(state, file, kind, FileKey.Nothing)
        }

    private fun read(state: BatchesState, file: ByteArray, kind: SeedFileKind, key: FileKey): BatchesStep =
        Step(state.copy(reading = Reading(file, kind, null, waits = true, notice = null)), ask = {
            asking(BatchesEvent::Failed) { BatchesEvent.Read(ledger.read(file, kind, null, key)) }
        })

    private fun password(state: BatchesState, password: Secret): BatchesStep {
        val reading = state.reading ?: return Step(state)
        val kind = reading.kind ?: return Step(state)
        return read(state, reading.file, kind, FileKey.Password(password.expose()))
    }

    private fun keep(state: BatchesState, name: String): BatchesStep {
        val reading = state.reading ?: return Step(state)
        val read = reading.read
        if (read == null || reading.waits) return Step(state)
        if (name.isEmpty()) return Step(failed(state, Notice(Say.phoneBatchNameless)))
        return Step(state.reading { Reading(it.file, it.kind, read, waits = true, notice = null) }, ask = {
            asking(BatchesEvent::Failed) { BatchesEvent.Kept(ledger.keep(name, read.file)) }
        })
    }

    private fun forget(state: BatchesState, id: ULong?): BatchesStep {
        if (id == null) return Step(state)
        return Step(state, ask = {
            asking(BatchesEvent::Failed) {
                ledger.forget(id)
                BatchesEvent.Changed
            }
        })
    }

    private fun failed(state: BatchesState, notice: Notice?): BatchesState = if (state.reading == null) {
        state.copy(loads = false, notice = notice)
    } else {
        state.reading { Reading(it.file, it.kind, it.read, false, notice) }
    }
}

private fun BatchesState.reading(change: (Reading) -> Reading) = copy(reading = reading?.let(change))

/** One batch: how many are done, and the row for the token that is held next. */
data class BatchState(val entries: List<BatchEntry>, val done: Int, val loads: Boolean, val notice: Notice?) : Screen

sealed interface BatchEvent {
    data object Changed : BatchEvent

    /** The serial number that is printed on the next token. */
    data class Next(val serial: String) : BatchEvent

    data class Read(val entries: List<BatchEntry>) : BatchEvent

    class Found(val seed: Burning) : BatchEvent

    data class Failed(val notice: Notice?) : BatchEvent
}

class BatchLogic(private val id: ULong, private val ledger: LedgerCalls, private val hand: (Burning) -> Unit) :
    Logic<BatchState, BatchEvent> {
    override fun begin(): Step<BatchState, BatchEvent> = read(BatchState(emptyList(), 0, loads = true, notice = null))

    override fun on(state: BatchState, event: BatchEvent): Step<BatchState, BatchEvent> = when (event) {
        BatchEvent.Changed -> read(state)
        is BatchEvent.Next -> next(state, event.serial.trim())
        is BatchEvent.Read -> Step(drawn(state, event.entries))
        is BatchEvent.Found -> found(state, event.seed)
        is BatchEvent.Failed -> Step(state.copy(loads = false, notice = event.notice))
    }

    private fun read(state: BatchState): Step<BatchState, BatchEvent> =
        Step(state, ask = { asking(BatchEvent::Failed) { BatchEvent.Read(ledger.batch(id)) } })

    private fun drawn(state: BatchState, entries: List<BatchEntry>) =
        state.copy(entries = entries, done = entries.count { it.token != null }, loads = false)

    /** The seed is handed over in memory: a route names none. */
    private fun found(state: BatchState, seed: Burning): Step<BatchState, BatchEvent> {
        hand(seed)
        return Step(state, go = Go.To(Route.Burn(null)))
    }

    private fun next(state: BatchState, serial: String): Step<BatchState, BatchEvent> =
        Step(state.copy(notice = null), ask = {
            asking(BatchEvent::Failed) {
                val found = ledger.seedFor(id, serial)
                BatchEvent.Found(Burning(found.seed, found.from))
            }
        })
}
