package org.countersign.app.screen

import org.countersign.bindings.NoHandle
import org.countersign.bindings.SeedFile
import org.countersign.bindings.SeedFileFault
import org.countersign.bindings.SeedFileKind
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.accounts.Empty
import org.countersign.logic.approval.ApprovalEnd
import org.countersign.logic.approval.ApprovalPhase
import org.countersign.logic.burn.BatchState
import org.countersign.logic.burn.BatchesState
import org.countersign.logic.burn.Reading
import org.countersign.logic.core.SeedsRead
import org.countersign.logic.gateway.GatewaysState
import org.countersign.logic.gateway.MoveState
import org.countersign.logic.gateway.MoveStep
import org.countersign.logic.scan.Camera
import org.countersign.logic.scan.ScanState
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.countersign.logic.unlock.DamageState
import org.countersign.logic.unlock.UnlockState
import org.countersign.logic.unlock.UnlockWay
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** What did not work, and how things end, in every look: each says what it was and what to do. */
@RunWith(RobolectricTestRunner::class)
class FaultStatesTest {
    @Test
    fun whatWasDamagedIsTold() {
        val found =
            listOf(Say.errorDamageStructure, Say.errorDamageAccount(plain("GitHub mara")), Say.phoneAccountsDamageKept)
        everyLook("damage", DamageState(found, waits = false, notice = null)) { DamageDrawing(it, onEvent = {}) }
    }

    @Test
    fun theListTellsOfDamage() = everyLook(
        "accounts-damage",
        ACCOUNTS.copy(notice = Notice(Say.phoneAccountsDamage, Act.DAMAGE, tone = Tone.WARN)),
    ) {
        AccountsDrawing(it, onMenu = { _, _ -> }, onEvent = {})
    }

    @Test
    fun theFingersOpenItNoMore() {
        val gone = Notice(Say.phoneUnlockFingersGone)
        val state = UnlockState(UnlockWay.PASSPHRASE, false, isReminder = false, waits = false, waiting = null, gone)
        everyLook("unlock-fingers-gone", state) { UnlockDrawing(it, onEvent = {}) }
    }

    @Test
    fun theDiskIsFull() = everyLook("accounts-disk-full", ACCOUNTS.copy(notice = FULL)) {
        AccountsDrawing(it, onMenu = { _, _ -> }, onEvent = {})
    }

    @Test
    fun aGroupIsEmpty() = everyLook("accounts-group-empty", ACCOUNTS_EMPTY.copy(empty = Empty.GROUP_EMPTY)) {
        AccountsDrawing(it, onMenu = { _, _ -> }, onEvent = {})
    }

    @Test
    fun anAccountIsGone() =
        everyLook("account-gone", ACCOUNT.copy(line = null, facts = emptyList(), note = "", isGone = true)) {
            AccountDrawing(it, onBack = {}, onEvent = {})
        }

    @Test
    fun aSignInWentTooOld() = over("approval-expired", ApprovalEnd.EXPIRED, Say.errorEndedExpired)

    @Test
    fun aSignInWasDenied() = over("approval-denied", ApprovalEnd.DENIED, Say.errorDenied)

    @Test
    fun wrongDigitsEndedIt() = over("approval-failed", ApprovalEnd.FAILED, Say.errorFailedDigits)

    @Test
    fun nobodyKnowsHowItEnded() = over("approval-unknown", ApprovalEnd.UNKNOWN, Say.errorEndedUnknown)

    @Test
    fun theGatewayIsNotReached() = everyLook(
        "approval-no-network",
        APPROVAL.copy(notice = Notice(Say.errorNetwork, Act.RETRY, "connect")),
    ) { ApprovalDrawing(it, Looking(it), onEvent = {}) }

    @Test
    fun whatWasScannedIsUnreadable() {
        val notice = Notice(Say.phoneScanUnreadable)
        everyLook("scan-unreadable", ScanState(Camera.LOOKING, torch = true, found = null, waits = false, notice)) {
            ScanDrawing(it, Looking(it), onBack = {}, onPaste = {}, onEvent = {})
        }
    }

    @Test
    fun anEnrolmentCannotBeForgotten() = everyLook(
        "gateways-failed",
        GatewaysState(emptyList(), listOf("c"), FULL, bell = null),
    ) { GatewaysDrawing(it, onBack = {}, onEvent = {}) }

    @Test
    fun aDamagedEnrolmentIsForgottenAfterAQuestion() = everyLook(
        "gateways-forget",
        GatewaysState(emptyList(), listOf("c"), notice = null, bell = null, forgetting = "c"),
    ) { GatewaysDrawing(it, onBack = {}, onEvent = {}) }

    @Test
    fun theMoveEnded() = everyLook(
        "move-over",
        MoveState(NOON, "gate.example.com", MoveStep.Over(Say.phoneGatewayMoveOver), notice = null),
    ) { MoveDrawing(it, onEvent = {}) }

    @Test
    fun aFileOfSeedsHasFaults() {
        val faults = listOf(SeedFileFault(3UL, "secret"), SeedFileFault(9UL, "serial"))
        val read = SeedsRead(SeedFile(NoHandle), ENTRIES.map { it.seed }, faults)
        val reading = Reading(ByteArray(0), SeedFileKind.PSKC, read, waits = false, Notice(Say.phoneBatchNameless))
        everyLook("batches-faults", BatchesState(emptyList(), reading, null, loads = false, notice = null)) {
            BatchesDrawing(it, onBack = {}, onEvent = {})
        }
    }

    @Test
    fun aBatchIsForgottenAfterAQuestion() =
        everyLook("batches-forget", BatchesState(listOf(BATCH), null, forgetting = BATCH.id, loads = false, null)) {
            BatchesDrawing(it, onBack = {}, onEvent = {})
        }

    @Test
    fun aBatchIsUnderWay() = batch("batch", BatchState(ENTRIES, 1, loads = false, notice = null))

    @Test
    fun aBatchHasNoRowForTheToken() =
        batch("batch-not-its", BatchState(ENTRIES, 1, loads = false, Notice(Say.phoneRowForOthers(count(3)))))

    @Test
    fun aBatchIsDone() = batch(
        "batch-done",
        BatchState(ENTRIES.map { it.copy(token = it.seed.serial ?: SERIAL) }, ENTRIES.size, loads = false, null),
    )

    private fun batch(name: String, state: BatchState) = everyLook(name, state) {
        BatchDrawing(it, onBack = {}, onEvent = {})
    }

    private fun over(name: String, end: ApprovalEnd, text: Text) =
        everyLook(name, APPROVAL.copy(phase = ApprovalPhase.Over(end, text))) {
            ApprovalDrawing(it, Looking(it), onEvent = {})
        }

    private companion object {
        val FULL = Notice(Say.errorDiskFull, Act.FREE_SPACE)
    }
}
