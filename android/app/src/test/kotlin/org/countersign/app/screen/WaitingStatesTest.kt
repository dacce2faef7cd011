package org.countersign.app.screen

import org.countersign.app.port.ReaderState
import org.countersign.bindings.SeedFileKind
import org.countersign.bindings.TransferProgress
import org.countersign.logic.accounts.BinState
import org.countersign.logic.approval.ApprovalPhase
import org.countersign.logic.approval.Decision
import org.countersign.logic.approval.HistoryState
import org.countersign.logic.burn.BatchState
import org.countersign.logic.burn.BatchesState
import org.countersign.logic.burn.BurnState
import org.countersign.logic.burn.BurnStep
import org.countersign.logic.burn.LedgerState
import org.countersign.logic.burn.Reading
import org.countersign.logic.gateway.EnrolState
import org.countersign.logic.gateway.EnrolStep
import org.countersign.logic.gateway.MoveState
import org.countersign.logic.gateway.MoveStep
import org.countersign.logic.scan.Camera
import org.countersign.logic.scan.ExportState
import org.countersign.logic.scan.ExportStep
import org.countersign.logic.scan.ImportState
import org.countersign.logic.scan.ScanState
import org.countersign.logic.unlock.FirstAim
import org.countersign.logic.unlock.FirstRunState
import org.countersign.logic.unlock.FirstRunStep
import org.countersign.logic.unlock.UnlockState
import org.countersign.logic.unlock.UnlockWay
import org.countersign.logic.widget.WidgetState
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

private const val HOST = "gate.example.com"

/** Screens that read, work something out or ask a gateway, in every look: each says so, and nothing on it can be done twice. */
@RunWith(RobolectricTestRunner::class)
class WaitingStatesTest {
    @Test
    fun theVaultIsMade() {
        val step = FirstRunStep.Passphrase(FirstAim.ADD_ACCOUNT, waits = true)
        everyLook("first-run-waits", FirstRunState(step, hasScreenLock = true, notice = null)) {
            FirstRunDrawing(it, onEvent = {})
        }
    }

    @Test
    fun theVaultIsOpened() {
        val state = UnlockState(UnlockWay.PASSPHRASE, true, isReminder = false, waits = true, waiting = null, null)
        everyLook("unlock-waits", state) { UnlockDrawing(it, onEvent = {}) }
    }

    @Test
    fun accountsAreRead() = everyLook("accounts-waits", ACCOUNTS_EMPTY.copy(empty = null, loads = true)) {
        AccountsDrawing(it, onMenu = { _, _ -> }, onEvent = {})
    }

    @Test
    fun anAccountIsRead() = everyLook("account-waits", ACCOUNT.copy(line = null, facts = emptyList(), note = "")) {
        AccountDrawing(it, onBack = {}, onEvent = {})
    }

    @Test
    fun theBinIsRead() = everyLook("bin-waits", BinState(emptyList(), asksEmpty = false, loads = true, null)) {
        BinDrawing(it, onBack = {}, onEvent = {})
    }

    @Test
    fun theHistoryIsRead() {
        val state = HistoryState(emptyList(), emptyList(), emptyList(), emptySet(), null, loads = true, notice = null)
        everyLook("history-waits", state) { HistoryDrawing(it, onBack = {}, onEvent = {}) }
    }

    @Test
    fun aSignInIsRead() = approval("approval-waits", ApprovalPhase.Loading)

    @Test
    fun aYesIsSent() = approval("approval-sends", ApprovalPhase.Sending(Decision.APPROVE))

    @Test
    fun aReportIsSent() = approval("approval-reports", ApprovalPhase.Sending(Decision.REPORT))

    @Test
    fun somethingIsScanned() {
        val state = ScanState(Camera.ASKING, torch = false, found = null, waits = true, notice = null, reads = true)
        everyLook("scan-waits", state) { ScanDrawing(it, Looking(it), onBack = {}, onPaste = {}, onEvent = {}) }
    }

    @Test
    fun accountsAreAdded() {
        val whole = TransferProgress(listOf(true, true), 3UL, 6UL, isWhole = true)
        everyLook("import-waits", ImportState(whole, emptyList(), asksPartly = false, waits = true, false, null)) {
            ImportDrawing(it, onBack = {}, onEvent = {})
        }
    }

    @Test
    fun codesAreMade() = everyLook("export-waits", ExportState(ExportStep.Asking, waits = true, notice = null)) {
        ExportDrawing(it, onEvent = {})
    }

    @Test
    fun aGatewayIsAsked() {
        val state = EnrolState(NOON, HOST, "Example Inc.", EnrolStep.Enrolling, notice = null, willAsk = false)
        everyLook("enrol-waits", state) { EnrolDrawing(it, onEvent = {}) }
    }

    @Test
    fun anotherPhoneIsInvited() = everyLook("move-waits", MoveState(NOON, HOST, MoveStep.Inviting, null)) {
        MoveDrawing(it, onEvent = {})
    }

    @Test
    fun theLedgerIsRead() {
        val state = LedgerState(emptyList(), share = null, removing = null, loads = true, notice = null)
        everyLook("ledger-waits", state) { LedgerDrawing(it, onBack = {}, onEvent = {}) }
    }

    @Test
    fun aFileOfSeedsIsRead() {
        val reading = Reading(ByteArray(0), SeedFileKind.PSKC, read = null, waits = true, notice = null)
        everyLook("batches-waits", BatchesState(emptyList(), reading, null, loads = false, notice = null)) {
            BatchesDrawing(it, onBack = {}, onEvent = {})
        }
    }

    @Test
    fun aBatchIsRead() = everyLook("batch-waits", BatchState(emptyList(), 0, loads = true, notice = null)) {
        BatchDrawing(it, onBack = {}, onEvent = {})
    }

    @Test
    fun thePassphraseIsProven() {
        val state = BurnState(NOON, BurnStep.Passphrase(waits = true), emptyList(), null, null)
        everyLook("burn-waits", state) { BurnDrawing(it, { ReaderState.ON }, onSettings = {}, onEvent = {}) }
    }

    @Test
    fun namesAreRead() = everyLook("settings-widgets-waits", WidgetState(emptyList(), false, loads = true, null)) {
        WidgetDrawing(it, onBack = {}, onEvent = {})
    }

    private fun approval(name: String, phase: ApprovalPhase) = everyLook(
        name,
        APPROVAL.copy(asked = APPROVAL.asked.takeIf { phase != ApprovalPhase.Loading }, phase = phase),
    ) { ApprovalDrawing(it, Looking(it), onEvent = {}) }
}
