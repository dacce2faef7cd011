package org.countersign.app.screen

import android.app.Activity
import android.view.View
import org.countersign.app.look.say
import org.countersign.app.port.ReaderState
import org.countersign.bindings.BatchRow
import org.countersign.bindings.BurnPlan
import org.countersign.bindings.NoHandle
import org.countersign.bindings.TokenFamily
import org.countersign.bindings.TokenName
import org.countersign.bindings.seedOfLink
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.burn.BatchesState
import org.countersign.logic.burn.BurnEnd
import org.countersign.logic.burn.BurnState
import org.countersign.logic.burn.BurnStep
import org.countersign.logic.burn.Burning
import org.countersign.logic.burn.Expected
import org.countersign.logic.burn.LedgerLine
import org.countersign.logic.burn.LedgerState
import org.countersign.logic.burn.PlanShown
import org.countersign.logic.burn.Progress
import org.countersign.logic.burn.Reading
import org.countersign.logic.burn.ShareAsk
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Moment
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** Writing hardware tokens, in every look. Steps that hold a seed or a plan of the core are drawn by the journey. */
@RunWith(RobolectricTestRunner::class)
class TokenScreensTest {
    @Test
    fun thePassphraseIsAskedFor() = burn("burn-passphrase", BurnStep.Passphrase(waits = false))

    @Test
    fun theTokenIsHeldToThePhone() {
        everyLook(
            "burn-hold",
            BurnState(NOON, BurnStep.HoldToPlan(SEED, waits = false), listOf("office"), null, null),
        ) {
            burning(it)
        }
    }

    @Test
    fun thePlanSaysWhatIsErased() = pages("burn-plan") { plan(SHOWN) }

    @Test
    fun aPlanThatErasesNothingIsCalm() = pages("burn-plan-free") {
        plan(SHOWN.copy(isErasing = false, erases = Say.tokenErasesNothing, notes = emptyList()))
    }

    @Test
    fun whatIsDoneIsTicked() = burn("burn-write", BurnStep.HoldToWrite(SEED, SHOWN, BurnPlan(NoHandle), TICKED))

    @Test
    fun aTokenThatLeftIsHeldAgain() = pages("burn-lost") { lost(waits = false, nfc = null) }

    @Test
    fun whatWasBrokenOffIsTakenUp() = pages("burn-take-up") {
        takeUp(BurnStep.TakeUp(SHOWN, waits = false), nfc = null)
    }

    @Test
    fun withoutAReaderItSaysSo() =
        everyLook("burn-no-nfc", BurnState(NOON, BurnStep.HoldToPlan(SEED, waits = false), emptyList(), null, null)) {
            burning(it, ReaderState.OFF)
        }

    @Test
    fun theCodeOfTheDisplayIsCompared() = burn(
        "burn-compare",
        BurnStep.Compare(
            SHOWN,
            Expected(
                Digits("492039"),
                Digits("771904"),
                Digits("118402"),
                NOON + 21UL,
            ),
            waits = false,
        ),
    )

    @Test
    fun stoppingWhileItIsWrittenIsAskedFirst() {
        val step = BurnStep.HoldToWrite(SEED, SHOWN, BurnPlan(NoHandle), TICKED)
        everyLook("burn-stop", BurnState(NOON, step, emptyList(), null, null, asksStop = true)) { burning(it) }
    }

    @Test
    fun aProvenTokenSaysSo() = burn("burn-proven", BurnStep.Done(SHOWN, BurnEnd.PROVEN, Say.tokenProvenByPerson))

    @Test
    fun aTokenThatHoldsSomethingElseSaysSo() =
        burn("burn-failed", BurnStep.Done(SHOWN, BurnEnd.FAILED, Say.tokenNotThisSeed))

    @Test
    fun theLedgerSaysWhatIsProven() = ledger("ledger", LEDGER)

    @Test
    fun theLedgerBegins() = ledger("ledger-empty", LEDGER.copy(rows = emptyList()))

    @Test
    fun theLedgerIsSharedUnderAPassword() =
        ledger("ledger-share", LEDGER.copy(share = ShareAsk(Notice(Say.phoneLedgerPasswordEmpty), waits = false)))

    @Test
    fun aTokenIsRemovedAfterAQuestion() = ledger("ledger-remove", LEDGER.copy(removing = 1UL))

    @Test
    fun batchesAreListed() = batches(
        "batches",
        BatchesState(
            listOf(BatchRow(1UL, "Reception desk", NOON, 40UL, 3UL), BatchRow(2UL, "desk", NOON, 2UL, 0UL)),
            null,
            null,
            false,
            null,
        ),
    )

    @Test
    fun batchesBegin() = batches("batches-empty", BatchesState(emptyList(), null, null, false, null))

    @Test
    fun theKindOfAFileIsAskedFor() = batches(
        "batches-kind",
        BatchesState(
            emptyList(),
            Reading(ByteArray(0), null, null, false, Notice(Say.phoneBatchWhichKind)),
            null,
            false,
            null,
        ),
    )

    @Test
    fun thePasswordOfAFileIsAskedFor() {
        val reading =
            Reading(
                ByteArray(0),
                org.countersign.bindings.SeedFileKind.PSKC,
                null,
                false,
                Notice(Say.phoneSeedPasswordNeeded, tone = Tone.WARN),
            )
        batches("batches-password", BatchesState(emptyList(), reading, null, false, null))
    }

    private fun burn(name: String, step: BurnStep, reader: ReaderState = ReaderState.ON) =
        everyLook(name, BurnState(NOON, step, emptyList(), null, null)) { burning(it, reader) }

    private fun burning(activity: Activity, reader: ReaderState = ReaderState.ON) = BurnDrawing(activity, {
        reader
    }, onSettings = {}, onEvent = {})

    private fun pages(name: String, page: BurnPages.() -> View) = everyLook(name, Unit) { activity ->
        object : Drawing<Unit> {
            override val view = BurnPages(
                activity,
                View(activity).apply {
                    visibility = View.GONE
                },
                onEvent = {},
            ).page()

            override fun draw(state: Unit) = Unit
        }
    }

    private fun ledger(name: String, state: LedgerState) = everyLook(name, state) {
        LedgerDrawing(it, onBack = {}, onEvent = {})
    }

    private fun batches(name: String, state: BatchesState) = everyLook(name, state) {
        BatchesDrawing(it, onBack = {}, onEvent = {})
    }

    private companion object {
        val TICKED = Progress(
            writes = true,
            steps = 5,
            done = listOf(
                Say.phoneBurnStepAnswered,
                Say.phoneBurnStepLetIn,
                Say.phoneBurnStepSettings,
                Say.phoneBurnStepSeed,
            ),
        )
        val SEED by lazy { Burning(seedOfLink(LINK.toByteArray()), from = null) }
        const val LINK = "otpauth://totp/Example:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example"
        val SHOWN =
            PlanShown(
                token = TokenName(TokenFamily.SINGLE, "86596220000001"),
                model = plain("OTPC-P2-i"),
                serial = "86596220000001",
                account = "GitHub: mara@example.com",
                erases = Say.tokenErasesWhole,
                isErasing = true,
                notes = listOf(
                    Say.phoneBurnStands(plain("Old: mara"), Moment(NOON)),
                    Say.tokenNoteSwitchOff,
                    Say.phoneBurnBlankBetween,
                ),
            )

        fun line(id: ULong, proof: BurnEnd, word: org.countersign.logic.text.Text, owner: String) =
            LedgerLine(id, plain("OTPC-P2-i 8659622000000$id"), plain(owner), proof, word, NOON)

        val LEDGER =
            LedgerState(
                rows =
                    listOf(
                        line(1UL, BurnEnd.PROVEN, Say.tokenProofByCodes, "GitHub: mara@example.com"),
                        line(2UL, BurnEnd.WRITTEN, Say.tokenProofWritten, "Payroll: olga"),
                        line(
                            3UL,
                            BurnEnd.FAILED,
                            Say.tokenProofFailed,
                            "The Royal Society for the Protection of Very Long Names: mara.von.hohenstein-mueller@subsidiary.example.com",
                        ),
                    ),
                share = null,
                removing = null,
                loads = false,
                notice = null,
            )
    }
}
