package org.countersign.app.screen

import org.countersign.bindings.NoHandle
import org.countersign.bindings.PageCode
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.accounts.BinLine
import org.countersign.logic.accounts.BinState
import org.countersign.logic.accounts.Empty
import org.countersign.logic.accounts.Tile
import org.countersign.logic.approval.ApprovalEnd
import org.countersign.logic.approval.ApprovalPhase
import org.countersign.logic.scan.Camera
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.countersign.logic.unlock.FirstAim
import org.countersign.logic.unlock.FirstRunState
import org.countersign.logic.unlock.FirstRunStep
import org.countersign.logic.unlock.UnlockState
import org.countersign.logic.unlock.UnlockWay
import org.countersign.logic.unlock.Waiting
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** Every screen in every look. */
@RunWith(RobolectricTestRunner::class)
class ScreensTest {
    @Test
    fun firstRunSaysWhatThisIs() =
        firstRun("first-run", FirstRunState(FirstRunStep.Welcome, hasScreenLock = true, notice = null))

    @Test
    fun firstRunAsksForAScreenLock() =
        firstRun("first-run-no-lock", FirstRunState(FirstRunStep.Welcome, hasScreenLock = false, notice = null))

    @Test
    fun firstRunAsksForAPassphrase() = firstRun(
        "first-run-passphrase",
        FirstRunState(
            FirstRunStep.Passphrase(FirstAim.ADD_ACCOUNT, waits = false),
            true,
            Notice(Say.phonePassphraseDiffers),
        ),
    )

    @Test
    fun firstRunOffersTheFingerprint() = firstRun(
        "first-run-fingers",
        FirstRunState(FirstRunStep.Fingers(FirstAim.ADD_ACCOUNT, waits = false), true, null),
    )

    @Test
    fun unlockAsksForThePassphrase() = unlock(
        "unlock",
        UnlockState(UnlockWay.PASSPHRASE, true, isReminder = false, waits = false, waiting = null, notice = null),
    )

    @Test
    fun unlockShowsWhatWaitsAndWhatWasWrong() = unlock(
        "unlock-waiting",
        UnlockState(UnlockWay.SHEET, false, false, false, Waiting("a", 1), Notice(Say.errorWrongPassphrase)),
    )

    @Test
    fun unlockAsksForThePassphraseLestItIsForgotten() = unlock(
        "unlock-reminder",
        UnlockState(UnlockWay.PASSPHRASE, true, isReminder = true, waits = false, waiting = null, notice = null),
    )

    @Test
    fun accountsArePutIntoOnesOwnOrder() = accounts("accounts-order", ACCOUNTS.copy(isOrdering = true))

    @Test
    fun accountsHaveNothingOfWhatIsSearched() = accounts(
        "accounts-nothing",
        ACCOUNTS_EMPTY.copy(search = "zzz", empty = Empty.NOTHING_FOUND),
    )

    @Test
    fun anAccountThatIsDamagedSaysSo() = everyLook("account-damaged", ACCOUNT.copy(line = null, isDamaged = true)) {
        AccountDrawing(it, onBack = {}, onEvent = {})
    }

    @Test
    fun accountsShowTheirCodes() = accounts("accounts", ACCOUNTS)

    @Test
    fun accountsBegin() = accounts("accounts-empty", ACCOUNTS_EMPTY)

    @Test
    fun accountsSayThatNothingCanBeTold() = accounts(
        "accounts-bell",
        ACCOUNTS.copy(notice = Notice(Say.phoneBellNotAsked, Act.BELLS, tone = Tone.WARN)),
    )

    @Test
    fun accountsHaveLongNames() = accounts("accounts-long", ACCOUNTS_LONG)

    @Test
    fun accountsTellOfTheClock() = accounts(
        "accounts-clock",
        ACCOUNTS.copy(
            notice = Notice(Say.phoneClockFast(Say.errorMinutes(count(4))), Act.SET_CLOCK, tone = Tone.WARN),
        ),
    )

    @Test
    fun anAccountIsLarge() = everyLook("account", ACCOUNT) { AccountDrawing(it, onBack = {}, onEvent = {}) }

    @Test
    fun anAccountIsDeletedAfterAQuestion() =
        everyLook("account-delete", ACCOUNT.copy(asksDelete = true)) { AccountDrawing(it, onBack = {}, onEvent = {}) }

    @Test
    fun whatWasDeletedCanBeBroughtBack() = bin("bin", BinState(BINNED, asksEmpty = false, loads = false, notice = null))

    @Test
    fun theBinIsEmptiedAfterAQuestion() =
        bin("bin-ask", BinState(BINNED, asksEmpty = true, loads = false, notice = null))

    @Test
    fun nothingWasDeleted() = bin("bin-empty", BinState(emptyList(), asksEmpty = false, loads = false, notice = null))

    @Test
    fun anApprovalSaysWhoAsksAndFromWhere() = approval("approval", APPROVAL)

    @Test
    fun anApprovalHasALongHostAndAText() = approval(
        "approval-long",
        APPROVAL.copy(
            asked = ASKED.copy(
                app = "Company-wide expense reporting and travel",
                host = "authentication-gateway.department.subsidiary.example.com:8443",
                message = "Pay 12,450.00 EUR to Example Ltd, account DE00 1234 5678 9012 3456 78.",
            ),
            behind = 2,
            notice = Notice(Say.errorWrongDigits(plain("2"))),
        ),
    )

    @Test
    fun noAsksOneThing() = approval("approval-refuse", APPROVAL.copy(phase = ApprovalPhase.Refusing))

    @Test
    fun thePageIsScannedInPlaceOfTheDigits() = approval("approval-scan", scanning(Camera.LOOKING))

    @Test
    fun anotherCodeIsSaid() = approval("approval-scan-other", scanning(Camera.LOOKING, isOther = true))

    @Test
    fun withoutTheCameraThereAreTheDigits() = approval("approval-scan-refused", scanning(Camera.REFUSED))

    @Test
    fun aPageThatWasSeenNeedsAYes() = approval("approval-seen", APPROVAL.copy(seen = PageCode(NoHandle)))

    @Test
    fun anApprovedOneSaysSo() = over("approval-done", ApprovalEnd.APPROVED)

    @Test
    fun aReportedOneSaysWhatToDo() = over("approval-reported", ApprovalEnd.REPORTED)

    private fun scanning(camera: Camera, isOther: Boolean = false) =
        APPROVAL.copy(phase = ApprovalPhase.Scanning(camera, isOther = isOther))

    private fun over(name: String, end: ApprovalEnd) {
        val text = if (end == ApprovalEnd.APPROVED) Say.errorApproved else Say.errorReported
        approval(name, APPROVAL.copy(phase = ApprovalPhase.Over(end, text)))
    }

    private fun firstRun(name: String, state: FirstRunState) = everyLook(name, state) {
        FirstRunDrawing(it, onEvent = {})
    }

    private fun unlock(name: String, state: UnlockState) = everyLook(name, state) { UnlockDrawing(it, onEvent = {}) }

    private fun accounts(name: String, state: org.countersign.logic.accounts.AccountsState) =
        everyLook(name, state) { AccountsDrawing(it, onMenu = { _, _ -> }, onEvent = {}) }

    private fun bin(name: String, state: BinState) = everyLook(name, state) {
        BinDrawing(it, onBack = {}, onEvent = {})
    }

    private fun approval(name: String, state: org.countersign.logic.approval.ApprovalState) =
        everyLook(name, state) { ApprovalDrawing(it, Looking(it), onEvent = {}) }
}

private const val THIRTY_DAYS = 2_592_000uL

private val BINNED = listOf(
    BinLine(1UL, "GitHub", "mara@example.com", Tile("GI", 0x0B5E4Au, null), NOON + THIRTY_DAYS),
    BinLine(
        2UL,
        "A bank with a rather long name of its own",
        "m.lindqvist",
        Tile("AB", 0x5A3E85u, null),
        NOON + 90_000uL,
    ),
)
