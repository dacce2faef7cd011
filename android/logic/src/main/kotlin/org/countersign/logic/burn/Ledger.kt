package org.countersign.logic.burn

import org.countersign.bindings.LedgerForm
import org.countersign.bindings.LedgerRow
import org.countersign.bindings.Protection
import org.countersign.bindings.TokenProof
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.Step
import org.countersign.logic.Wish
import org.countersign.logic.core.LedgerCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

/** What is in which token, by a word: proven, written and not proven, failed. Sharing asks for encryption first. */
data class LedgerState(
    val rows: List<LedgerLine>,
    val share: ShareAsk?,
    val removing: ULong?,
    val loads: Boolean,
    val notice: Notice?,
) : Screen

data class LedgerLine(
    val id: ULong?,
    val token: Text,
    val owner: Text,
    val proof: BurnEnd,
    val word: Text,
    val writtenAt: ULong,
)

/** How the list is shared: seeds leave under a password, or the inventory alone without them. */
data class ShareAsk(val notice: Notice?, val waits: Boolean)

sealed interface LedgerEvent {
    data object Changed : LedgerEvent

    data object Share : LedgerEvent

    /** With the seeds, under a password. */
    data class Sealed(val password: Secret) : LedgerEvent

    /** Without seeds: an inventory. */
    data object Inventory : LedgerEvent

    data object Close : LedgerEvent

    data class Remove(val id: ULong) : LedgerEvent

    data class Removing(val sure: Boolean) : LedgerEvent

    data class Read(val rows: List<LedgerRow>) : LedgerEvent

    class Written(val name: String, val bytes: ByteArray) : LedgerEvent

    data class Failed(val notice: Notice?) : LedgerEvent
}

private typealias LedgerStep = Step<LedgerState, LedgerEvent>

class LedgerLogic(private val ledger: LedgerCalls) : Logic<LedgerState, LedgerEvent> {
    override fun begin(): LedgerStep = read(LedgerState(emptyList(), null, null, loads = true, notice = null))

    override fun back(state: LedgerState): LedgerEvent? = when {
        state.share != null -> LedgerEvent.Close
        state.removing != null -> LedgerEvent.Removing(sure = false)
        else -> null
    }

    override fun on(state: LedgerState, event: LedgerEvent): LedgerStep = when (event) {
        LedgerEvent.Changed -> read(state)
        LedgerEvent.Share -> Step(state.copy(share = ShareAsk(null, waits = false)))
        is LedgerEvent.Sealed -> sealed(state, event.password)
        LedgerEvent.Inventory -> write(state, "ledger.csv", LedgerForm.Table(seeds = false))
        LedgerEvent.Close -> Step(state.copy(share = null), stop = true)
        is LedgerEvent.Remove -> Step(state.copy(removing = event.id))
        is LedgerEvent.Removing -> removing(state.copy(removing = null), state.removing.takeIf { event.sure })
        is LedgerEvent.Read -> Step(state.copy(rows = event.rows.map(::ledgerLine), loads = false))
        is LedgerEvent.Written -> Step(state.copy(share = null), wish = Wish.Share(event.name, event.bytes))
        is LedgerEvent.Failed -> Step(failed(state, event.notice))
    }

    private fun read(state: LedgerState): LedgerStep =
        Step(state, ask = { asking(LedgerEvent::Failed) { LedgerEvent.Read(ledger.ledger(null)) } })

    private fun sealed(state: LedgerState, password: Secret): LedgerStep {
        if (password.isEmpty) return Step(state.copy(share = ShareAsk(Notice(Say.phoneLedgerPasswordEmpty), false)))
        return write(state, "ledger.pskc", LedgerForm.Pskc(Protection.Password(password.expose())))
    }

    private fun write(state: LedgerState, name: String, form: LedgerForm): LedgerStep =
        Step(state.copy(share = ShareAsk(null, waits = true)), ask = {
            asking(LedgerEvent::Failed) { LedgerEvent.Written(name, ledger.write(form).bytes) }
        })

    private fun removing(state: LedgerState, id: ULong?): LedgerStep {
        if (id == null) return Step(state)
        return Step(state, ask = {
            asking(LedgerEvent::Failed) {
                ledger.remove(id)
                LedgerEvent.Changed
            }
        })
    }

    private fun failed(state: LedgerState, notice: Notice?): LedgerState = if (state.share !=
        null
    ) {
        state.copy(share = ShareAsk(notice, false))
    } else {
        state.copy(loads = false, notice = notice)
    }
}

private fun ledgerLine(row: LedgerRow): LedgerLine {
    val (proof, word) =
        when (row.proof) {
            TokenProof.BY_WIRE -> BurnEnd.PROVEN to Say.tokenProofByLink
            TokenProof.BY_CODES -> BurnEnd.PROVEN to Say.tokenProofByCodes
            TokenProof.WRITTEN -> BurnEnd.WRITTEN to Say.tokenProofWritten
            TokenProof.FAILED -> BurnEnd.FAILED to Say.tokenProofFailed
        }
    return LedgerLine(row.id, tokenText(row.token, row.model), owner(row), proof, word, row.writtenAt)
}
