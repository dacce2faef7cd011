package org.countersign.logic.burn

import org.countersign.bindings.BatchLine
import org.countersign.bindings.BurnPlan
import org.countersign.bindings.TokenName
import org.countersign.bindings.TokenSeed
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Text

/** Writing a seed into a hardware token. One step asks one thing; between two touches nothing of the token is needed. */
data class BurnState(
    val now: ULong,
    val step: BurnStep,
    /** The owner's keys that are kept, and the one that is used; none for the maker's. */
    val keys: List<String>,
    val key: String?,
    val notice: Notice?,
    /** It is asked whether the writing shall stop; it goes on meanwhile. */
    val asksStop: Boolean = false,
) : Screen {
    /** The person's hands hold the token. */
    override val staysAwake: Boolean get() = step !is BurnStep.Passphrase && step !is BurnStep.Done
}

sealed interface BurnStep {
    /** A burn was broken off, by the end of the app or by the person: the same token is held again, and it is gone on with. */
    data class TakeUp(val shown: PlanShown, val waits: Boolean) : BurnStep

    /** The seed leaves the vault: the passphrase is asked. */
    data class Passphrase(val waits: Boolean) : BurnStep

    /** Hold the token to the phone, so that it can be planned. */
    data class HoldToPlan(val seed: Burning, val waits: Boolean) : BurnStep

    /** What would be written and erased, agreed to before anything is. */
    data class Plan(val seed: Burning, val shown: PlanShown, val plan: BurnPlan) : BurnStep

    /** Hold it again: now it is written. [done] ticks. */
    data class HoldToWrite(val seed: Burning, val shown: PlanShown, val plan: BurnPlan, val progress: Progress) :
        BurnStep

    /** The token left before the end: the same one is held again, and nothing is lost. */
    data class Lost(val seed: Burning, val shown: PlanShown, val plan: BurnPlan, val waits: Boolean) : BurnStep

    /** The code that the token should show now. */
    data class Compare(val shown: PlanShown, val codes: Expected?, val waits: Boolean) : BurnStep

    /** What came of it. */
    data class Done(val shown: PlanShown, val end: BurnEnd, val text: Text) : BurnStep
}

/** Whether a token is being written just now. */
internal fun BurnStep.writes(): Boolean = when (this) {
    is BurnStep.HoldToWrite -> progress.writes
    is BurnStep.Lost -> waits
    is BurnStep.TakeUp -> waits
    is BurnStep.Passphrase, is BurnStep.HoldToPlan, is BurnStep.Plan, is BurnStep.Compare, is BurnStep.Done -> false
}

/** A seed on its way into a token, and the row of a batch that it is. */
class Burning(val seed: TokenSeed, val from: BatchLine?)

/** How far the writing is: how many [steps] are done, and a sentence for each kind of them. */
data class Progress(val writes: Boolean, val steps: Int, val done: List<Text> = emptyList())

/** A plan, in the words that a person agrees to. */
data class PlanShown(
    val token: TokenName,
    /** The model, largest on its screen. */
    val model: Text,
    val serial: String?,
    val account: String,
    /** What will be gone, in a sentence. */
    val erases: Text,
    val isErasing: Boolean,
    /** What else to know: what this model cannot do, what the ledger says. */
    val notes: List<Text>,
)

/** The codes that a display must show around this moment. */
data class Expected(val now: Digits, val before: Digits, val next: Digits, val nextAt: ULong)

enum class BurnEnd { PROVEN, WRITTEN, FAILED }
