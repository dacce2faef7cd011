package org.countersign.app.screen

import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.approval.ApprovalEnd
import org.countersign.logic.approval.ApprovalPhase
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
        UnlockState(UnlockWay.PASSPHRASE, canUseFingers = true, waits = false, waiting = null, notice = null),
    )

    @Test
    fun unlockShowsWhatWaitsAndWhatWasWrong() = unlock(
        "unlock-waiting",
        UnlockState(UnlockWay.SHEET, false, false, Waiting("a", 1), Notice(Say.errorWrongPassphrase)),
    )

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
    fun anApprovedOneSaysSo() = over("approval-done", ApprovalEnd.APPROVED)

    @Test
    fun aReportedOneSaysWhatToDo() = over("approval-reported", ApprovalEnd.REPORTED)

    private fun over(name: String, end: ApprovalEnd) {
        val text = if (end == ApprovalEnd.APPROVED) Say.errorApproved else Say.errorReported
        approval(name, APPROVAL.copy(phase = ApprovalPhase.Over(end, text)))
    }

    private fun firstRun(name: String, state: FirstRunState) = everyLook(name, state) {
        FirstRunDrawing(it, onEvent = {})
    }

    private fun unlock(name: String, state: UnlockState) = everyLook(name, state) { UnlockDrawing(it, onEvent = {}) }

    private fun accounts(name: String, state: org.countersign.logic.accounts.AccountsState) =
        everyLook(name, state) { AccountsDrawing(it, onMenu = {}, onEvent = {}) }

    private fun approval(name: String, state: org.countersign.logic.approval.ApprovalState) =
        everyLook(name, state) { ApprovalDrawing(it, onEvent = {}) }
}
