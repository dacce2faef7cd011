package org.countersign.logic.scan

import org.countersign.bindings.AccountQuery
import org.countersign.bindings.OutgoingTransfer
import org.countersign.bindings.Sort
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.Step
import org.countersign.logic.accounts.title
import org.countersign.logic.core.AccountCalls
import org.countersign.logic.core.ScanCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.text.Say

/** The accounts leave for another phone or app, as codes that it scans. */
data class ExportState(val step: ExportStep, val waits: Boolean, val notice: Notice?) : Screen {
    /** The person's hands are on the other phone. */
    override val staysAwake: Boolean get() = step is ExportStep.Shows
}

sealed interface ExportStep {
    /** The passphrase is asked for; what is typed stands in its field alone. */
    data object Asking : ExportStep

    /** There is nothing that could leave. */
    data object Nothing : ExportStep

    /** One code after the other; [at] counts from none. Whoever sees them can make the codes of these accounts. */
    data class Shows(
        val links: List<Secret>,
        val at: Int,
        /** Accounts that such a code cannot hold. */
        val left: List<String>,
    ) : ExportStep {
        val isLast: Boolean get() = at == links.lastIndex
    }
}

sealed interface ExportEvent {
    /** So many accounts are there. */
    data class Counted(val accounts: Int) : ExportEvent

    data class Prove(val passphrase: Secret) : ExportEvent

    data class Made(val transfer: OutgoingTransfer) : ExportEvent

    data object Next : ExportEvent

    /** To the code before, or off the page. */
    data object Back : ExportEvent

    data class Failed(val notice: Notice?) : ExportEvent
}

private typealias ExportTo = Step<ExportState, ExportEvent>

class ExportLogic(private val accounts: AccountCalls, private val scans: ScanCalls, private val now: Now) :
    Logic<ExportState, ExportEvent> {
    override fun begin(): ExportTo = Step(ExportState(ExportStep.Asking, waits = false, notice = null), ask = {
        asking(ExportEvent::Failed) { ExportEvent.Counted(every().size) }
    })

    override fun back(state: ExportState): ExportEvent? =
        ExportEvent.Back.takeIf { state.waits || (state.step as? ExportStep.Shows)?.at?.equals(0) == false }

    override fun on(state: ExportState, event: ExportEvent): ExportTo = when (event) {
        is ExportEvent.Counted -> Step(if (event.accounts == 0) state.copy(step = ExportStep.Nothing) else state)
        is ExportEvent.Prove -> prove(state, event.passphrase)
        is ExportEvent.Made -> Step(ExportState(made(event.transfer), waits = false, notice = null))
        ExportEvent.Next -> next(state)
        ExportEvent.Back -> before(state)
        is ExportEvent.Failed -> Step(state.copy(waits = false, notice = event.notice))
    }

    private fun prove(state: ExportState, passphrase: Secret): ExportTo {
        if (passphrase.isEmpty) return Step(state.copy(notice = Notice(Say.phonePassphraseEmpty)))
        return Step(state.copy(waits = true, notice = null), ask = {
            asking(ExportEvent::Failed) { ExportEvent.Made(scans.export(every(), passphrase)) }
        })
    }

    private fun made(transfer: OutgoingTransfer): ExportStep {
        val left = transfer.left.map { title(it.account) }
        return ExportStep.Shows(transfer.links.map(::Secret), 0, left)
    }

    private fun next(state: ExportState): ExportTo {
        val step = state.step as? ExportStep.Shows
        if (step == null || step.links.isEmpty() || step.isLast) return Step(state, go = Go.Back)
        return Step(state.copy(step = step.copy(at = step.at + 1)))
    }

    private fun before(state: ExportState): ExportTo {
        val step = state.step as? ExportStep.Shows
        return when {
            state.waits -> Step(state.copy(waits = false), stop = true)
            step != null && step.at > 0 -> Step(state.copy(step = step.copy(at = step.at - 1)))
            else -> Step(state, go = Go.Back)
        }
    }

    private fun every(): List<ULong> = accounts.view(EVERY, now()).rows.map { it.account.id }
}

private val EVERY = AccountQuery(search = "", group = null, tag = null, favourites = false, sort = Sort.MANUAL)
