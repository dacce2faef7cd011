package org.countersign.logic.approval

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.ApprovalState as CoreState
import org.countersign.bindings.ClosedStatus
import org.countersign.bindings.CountersignException
import org.countersign.bindings.InputFault
import org.countersign.bindings.NewMark
import org.countersign.bindings.NoHandle
import org.countersign.bindings.PageCode
import org.countersign.bindings.PortFault
import org.countersign.bindings.Res
import org.countersign.bindings.Scanned
import org.countersign.bindings.Src
import org.countersign.bindings.Staleness
import org.countersign.bindings.Status
import org.countersign.bindings.Verdict
import org.countersign.logic.Act
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.scan.Camera
import org.countersign.logic.support.CONTEXT
import org.countersign.logic.support.FRAME
import org.countersign.logic.support.FakeApprovals
import org.countersign.logic.support.FakeScans
import org.countersign.logic.support.Hand
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.approval
import org.countersign.logic.text.Country
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.countersign.logic.unlock.waiting
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class ApprovalTest {
    private val hand = Hand(NOW)
    private val calls = FakeApprovals(listOf(approval("one")))

    private val scans = FakeScans()
    private val page = PageCode(NoHandle)

    private fun screen(seen: PageCode? = null) = Screened(ApprovalLogic("one", calls, scans, hand, seen))

    /** The camera looks, and sees this. */
    private fun Screened<ApprovalState, ApprovalEvent>.sees(vararg found: Scanned): ApprovalState {
        send(ApprovalEvent.Scan(on = true))
        scans.finds = found.toList()
        return send(ApprovalEvent.Saw(FRAME))
    }

    private val six = ApprovalEvent.Approve(Digits("492039"))

    private fun ends(end: ApprovalEnd, state: ApprovalState) =
        assertEquals(end, (state.phase as ApprovalPhase.Over).end)

    @Test
    fun whoAsksWhereFromAndWhatIsNewIsTold() {
        val asked = screen().state.asked!!
        assertEquals(listOf("Payroll", "gate.example.com"), listOf(asked.app, asked.host))
        val (account, from, network, with) = asked.facts
        assertEquals(ContextFact(Say.tuiAs, plain("mara@example.com"), isNew = false), account)
        assertEquals(ContextFact(Say.tuiFrom, Say.phonePlace(plain("Lyon"), Country("FR")), isNew = true), from)
        assertEquals(false, network.isNew)
        assertEquals(plain("Firefox on Linux"), with.value)
        assertEquals(null, asked.stated)
    }

    @Test
    fun anotherAccountAFarPlaceAndAnApplicationsWordAreMarked() {
        val context = CONTEXT.copy(
            src = Src.RP,
            new = listOf(NewMark.FAR, NewMark.UA, NewMark.IP),
            city = null,
            ip = null,
        )
        calls.rows = listOf(approval("one", context = context).copy(acctDiffers = true))
        val asked = screen().state.asked!!
        assertEquals(Say.tuiOtherAccount, asked.facts[0].remark)
        assertEquals(ContextFact(Say.tuiFrom, Country("FR"), isNew = true, remark = Say.phoneFar), asked.facts[1])
        assertTrue(asked.facts[2].isNew && asked.facts[3].isNew)
        assertEquals(Say.tuiStated(plain("Payroll")), asked.stated)
    }

    @Test
    fun theDigitsApproveIt() {
        val screen = screen()
        assertEquals(ApprovalPhase.Asking, screen.state.phase)
        ends(ApprovalEnd.APPROVED, screen.send(six))
        assertEquals(listOf("approve one 492039"), calls.asked)
        screen.send(ApprovalEvent.Done)
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    @Test
    fun tooFewDigitsAreNotSent() {
        val screen = screen()
        val after = screen.send(ApprovalEvent.Approve(Digits("4920")))
        assertEquals(Say.errorDigitsAsked(count(6)), after.notice?.text)
        assertTrue(calls.asked.isEmpty())
    }

    @Test
    fun wrongDigitsAreSaidWithTheTriesThatAreLeft() {
        val screen = screen()
        calls.verdict = { Verdict(Status.WRONG, 2u) }
        assertEquals(Say.errorWrongDigits(count(2)), screen.send(six).notice?.text)
        calls.verdict = { Verdict(Status.WRONG, 1u) }
        assertEquals(Say.errorWrongDigitsLast, screen.send(six).notice?.text)
        assertEquals(ApprovalPhase.Asking, screen.state.phase)
        calls.verdict = { Verdict(Status.FAILED, null) }
        ends(ApprovalEnd.FAILED, screen.send(six))
    }

    @Test
    fun thePageIsScannedInsteadOnlyWhileTheCameraLooks() {
        val screen = screen()
        scans.finds = listOf(Scanned.Page(page))
        screen.send(ApprovalEvent.Saw(FRAME))
        assertEquals(listOf(0, 0), listOf(scans.looked, calls.asked.size))
        assertEquals(ApprovalPhase.Scanning(), screen.send(ApprovalEvent.Scan(on = true)).phase)
        assertEquals(listOf<Wish>(Wish.OpenCamera), screen.wished)
        assertEquals(ApprovalPhase.Asking, screen.send(ApprovalEvent.Scan(on = false)).phase)
        ends(ApprovalEnd.APPROVED, screen.sees(Scanned.Page(page)))
        assertEquals(listOf("page one"), calls.asked)
    }

    @Test
    fun whatTheCameraIsAndHasIsShown() {
        val screen = screen()
        screen.send(ApprovalEvent.CameraIs(Camera.LOOKING))
        assertEquals("it looks for nobody", ApprovalPhase.Asking, screen.state.phase)
        screen.send(ApprovalEvent.Scan(on = true))
        screen.send(ApprovalEvent.CameraIs(Camera.LOOKING))
        screen.send(ApprovalEvent.Torch(on = true))
        assertEquals(ApprovalPhase.Scanning(Camera.LOOKING, torch = true), screen.state.phase)
        screen.send(ApprovalEvent.OpenSettings)
        assertEquals(Wish.OpenSettings(SettingsPage.APP), screen.wished.last())
        screen.send(ApprovalEvent.CameraIs(Camera.TAKEN))
        assertEquals("it is tried again", ApprovalPhase.Scanning(), screen.send(ApprovalEvent.Scan(on = true)).phase)
        assertEquals(Wish.OpenCamera, screen.wished.last())
    }

    @Test
    fun anotherCodeIsSaidAndApprovesNothing() {
        val screen = screen()
        assertEquals(ApprovalPhase.Scanning(), screen.sees().phase)
        assertEquals(ApprovalPhase.Scanning(isOther = true), screen.sees(Scanned.Login).phase)
        scans.finds = emptyList()
        assertEquals(
            "it stays said",
            ApprovalPhase.Scanning(isOther = true),
            screen.send(ApprovalEvent.Saw(FRAME)).phase,
        )
        assertTrue(calls.asked.isEmpty())
    }

    @Test
    fun thePageOfAnotherSignInIsSaid() {
        val screen = screen()
        calls.fails = CountersignException.Input(InputFault.NotFound)
        assertEquals(Say.phoneApprovalOtherPage, screen.sees(Scanned.Page(page)).notice?.text)
        assertEquals(listOf(ApprovalPhase.Asking, null), listOf(screen.state.phase, screen.state.seen))
    }

    @Test
    fun aPageThatWasScannedFirstNeedsAYesAlone() {
        val screen = screen(page)
        assertEquals(listOf(ApprovalPhase.Asking, page), listOf(screen.state.phase, screen.state.seen))
        assertTrue("nothing is approved by looking", calls.asked.isEmpty())
        calls.fails = CountersignException.Port(PortFault.USER_REFUSED)
        assertEquals(Say.phoneUserRefused, screen.send(ApprovalEvent.ApproveSeen).notice?.text)
        assertEquals("it need not be scanned again", page, screen.state.seen)
        calls.fails = null
        calls.verdict = { Verdict(Status.WRONG, 2u) }
        assertEquals("it opened nothing: digits", null, screen.send(ApprovalEvent.ApproveSeen).seen)
        calls.verdict = { Verdict(Status.APPROVED, null) }
        assertEquals(ApprovalPhase.Asking, screen.send(ApprovalEvent.ApproveSeen).phase)
        ends(ApprovalEnd.APPROVED, screen.send(six))
    }

    @Test
    fun notMeAsksOneThing() {
        val screen = screen()
        assertEquals(ApprovalPhase.Refusing, screen.send(ApprovalEvent.NotMe).phase)
        assertEquals(ApprovalPhase.Asking, screen.send(ApprovalEvent.BackToDigits).phase)
        calls.verdict = { Verdict(Status.DENIED, null) }
        screen.send(ApprovalEvent.NotMe)
        ends(ApprovalEnd.DENIED, screen.send(ApprovalEvent.JustCancel))
        assertEquals(listOf("deny one"), calls.asked)
    }

    @Test
    fun someoneElsesPasswordIsReported() {
        val screen = screen()
        calls.verdict = { Verdict(Status.REPORTED, null) }
        screen.send(ApprovalEvent.NotMe)
        ends(ApprovalEnd.REPORTED, screen.send(ApprovalEvent.SomeoneHasMyPassword))
        assertEquals(Say.errorReported, (screen.state.phase as ApprovalPhase.Over).text)
    }

    @Test
    fun noCanBeSaidForAsLongAsItIsHeard() {
        val screen = screen()
        screen.send(ApprovalEvent.NotMe)
        hand += 121
        calls.rows =
            listOf(approval("one", CoreState.Ended(ClosedStatus.EXPIRED), canApprove = false).copy(canDeny = false))
        assertEquals(ApprovalPhase.Refusing, screen.send(ApprovalEvent.Tick).phase)
        assertEquals(ApprovalPhase.Refusing, screen.send(ApprovalEvent.Changed).phase)
        assertEquals("only what can still be done is offered", false, screen.state.asked?.canDeny)
        calls.verdict = { Verdict(Status.REPORTED, null) }
        ends(ApprovalEnd.REPORTED, screen.send(ApprovalEvent.SomeoneHasMyPassword))
        assertEquals(listOf("report one"), calls.asked)
    }

    @Test
    fun noEndsWhereNobodyHearsItAnyMore() {
        val screen = screen()
        screen.send(ApprovalEvent.NotMe)
        hand += 721
        val gone = approval("one", CoreState.Ended(ClosedStatus.EXPIRED), canApprove = false)
        calls.rows = listOf(gone.copy(canDeny = false, canReport = false))
        ends(ApprovalEnd.EXPIRED, screen.send(ApprovalEvent.Tick))
    }

    @Test
    fun aSecondTapAsksNothingMore() {
        calls.verdict = CompletableDeferred<Verdict>()::await
        val screen = screen()
        screen.send(six)
        val again = listOf(six, ApprovalEvent.NotMe, ApprovalEvent.JustCancel, ApprovalEvent.ApproveSeen)
        again.forEach { assertEquals(ApprovalPhase.Sending(Decision.APPROVE), screen.send(it).phase) }
        assertEquals(listOf("approve one 492039"), calls.asked)
        screen.send(ApprovalEvent.Stop)
        screen.send(ApprovalEvent.NotMe)
        screen.send(ApprovalEvent.SomeoneHasMyPassword)
        assertEquals(ApprovalPhase.Sending(Decision.REPORT), screen.send(ApprovalEvent.JustCancel).phase)
        assertEquals(listOf("approve one 492039", "report one"), calls.asked)
    }

    @Test
    fun aRefusedFingerprintLeavesTheCard() {
        val screen = screen()
        calls.fails = CountersignException.Port(PortFault.USER_REFUSED)
        assertEquals(Say.phoneUserRefused, screen.send(six).notice?.text)
        calls.fails = CountersignException.Port(PortFault.CANCELLED)
        assertEquals(null, screen.send(six).notice)
        calls.fails = CountersignException.Port(PortFault.NETWORK)
        assertEquals(Act.CHECK_NETWORK, screen.send(six).notice?.act)
        assertEquals(ApprovalPhase.Asking, screen.state.phase)
    }

    @Test
    fun aWaitCanBeStopped() {
        val screen = screen()
        calls.verdict = CompletableDeferred<Verdict>()::await
        assertEquals(ApprovalPhase.Sending(Decision.APPROVE), screen.send(six).phase)
        assertEquals(ApprovalPhase.Asking, screen.send(ApprovalEvent.Stop).phase)
    }

    @Test
    fun whatIsKeptToBeSentAgainIsSaid() {
        calls.rows = listOf(approval("one", CoreState.Sending(Res.APPROVE)))
        val screen = screen()
        assertEquals(Say.phoneApprovalKept, screen.state.notice?.text)
        calls.fails = CountersignException.Port(PortFault.NETWORK)
        assertEquals("that it is kept matters more", Say.phoneApprovalKept, screen.send(six).notice?.text)
        calls.rows = listOf(approval("one", CoreState.Sending(Res.DENY)))
        assertEquals(Say.phoneRefusalKept, screen().state.notice?.text)
    }

    @Test
    fun eachEndHasItsOwnWords() {
        val texts =
            ClosedStatus.entries.map { how ->
                calls.rows = listOf(approval("one", CoreState.Ended(how)))
                (screen().state.phase as ApprovalPhase.Over).text
            }
        assertEquals(ClosedStatus.entries.size - 1, texts.toSet().size)
        Status.entries.filter { it != Status.WRONG }.forEach {
            calls.rows = listOf(approval("one", CoreState.Decided(it)))
            assertTrue(screen().state.phase is ApprovalPhase.Over)
        }
        calls.rows = emptyList()
        ends(ApprovalEnd.ELSEWHERE, screen().state)
    }

    @Test
    fun oneThatIsLateEndsByTheClock() {
        val screen = screen()
        hand += 119
        assertEquals(ApprovalPhase.Asking, screen.send(ApprovalEvent.Tick).phase)
        hand += 1
        ends(ApprovalEnd.EXPIRED, screen.send(ApprovalEvent.Tick))
    }

    @Test
    fun anEndIsNotTakenAwayFromUnderThePerson() {
        val screen = screen()
        ends(ApprovalEnd.APPROVED, screen.send(six))
        calls.rows = emptyList()
        ends(ApprovalEnd.APPROVED, screen.send(ApprovalEvent.Changed))
    }

    @Test
    fun whatWasApprovedCanStillBeRefused() {
        calls.rows = listOf(approval("one", CoreState.Decided(Status.APPROVED), canApprove = false))
        val screen = screen()
        assertTrue((screen.state.phase as ApprovalPhase.Over).canBeWrong)
        assertEquals(ApprovalPhase.Refusing, screen.send(ApprovalEvent.NotMe).phase)
        ends(ApprovalEnd.APPROVED, screen.send(ApprovalEvent.BackToDigits))
        screen.send(ApprovalEvent.NotMe)
        calls.verdict = { Verdict(Status.REPORTED, null) }
        ends(ApprovalEnd.REPORTED, screen.send(ApprovalEvent.SomeoneHasMyPassword))
        assertTrue(!(screen.state.phase as ApprovalPhase.Over).canBeWrong)
        assertEquals(listOf("report one"), calls.asked)
    }

    @Test
    fun oneThatIsDecidedDoesNotWait() {
        calls.rows = listOf(approval("one"), approval("two", CoreState.Decided(Status.APPROVED), canApprove = false))
        val screen = screen()
        assertEquals(0, screen.state.behind)
        screen.send(ApprovalEvent.Done)
        assertEquals(listOf<Go>(Go.Back), screen.went)
        calls.rows = calls.rows.drop(1)
        assertEquals(null, waiting(calls))
    }

    @Test
    fun aSecondRequestWaitsBehindAndComesNext() {
        val screen = screen()
        calls.rows = listOf(approval("one"), approval("two"))
        assertEquals(1, screen.send(ApprovalEvent.Changed).behind)
        assertEquals("one", screen.state.asked?.id)
        screen.send(ApprovalEvent.Done)
        assertEquals(listOf<Go>(Go.Instead(Route.Approval("two"))), screen.went)
    }

    @Test
    fun whatTheGatewaysMatterIsIsSaidAndNoStillWorks() {
        val texts =
            Staleness.entries.map {
                calls.rows = listOf(approval("one", canApprove = false).copy(stale = it))
                val screen = screen()
                screen.send(six)
                screen.send(ApprovalEvent.OnNotice(screen.state.notice?.act))
                screen.send(ApprovalEvent.NotMe)
                assertEquals(ApprovalPhase.Refusing, screen.state.phase)
                screen.wished + screen.went
            }
        assertTrue(calls.asked.isEmpty())
        val there = listOf(Wish.OpenSettings(SettingsPage.DATE), Go.To(Route.Gateways))
        assertEquals(there, texts.flatten())
    }
}
