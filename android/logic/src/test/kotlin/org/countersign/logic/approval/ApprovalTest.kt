package org.countersign.logic.approval

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.ApprovalState as CoreState
import org.countersign.bindings.ClosedStatus
import org.countersign.bindings.CountersignException
import org.countersign.bindings.NewMark
import org.countersign.bindings.NoHandle
import org.countersign.bindings.PageCode
import org.countersign.bindings.PortFault
import org.countersign.bindings.Res
import org.countersign.bindings.Src
import org.countersign.bindings.Staleness
import org.countersign.bindings.Status
import org.countersign.bindings.Verdict
import org.countersign.logic.Act
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.CONTEXT
import org.countersign.logic.support.FakeApprovals
import org.countersign.logic.support.Hand
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.approval
import org.countersign.logic.text.Country
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class ApprovalTest {
    private val hand = Hand(NOW)
    private val calls = FakeApprovals(listOf(approval("one")))

    private fun screen() = Screened(ApprovalLogic("one", calls, hand))

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
        val page = PageCode(NoHandle)
        screen.send(ApprovalEvent.Saw(page))
        assertTrue(calls.asked.isEmpty())
        assertEquals(ApprovalPhase.Scanning, screen.send(ApprovalEvent.Scan(on = true)).phase)
        assertEquals(listOf<Wish>(Wish.OpenCamera), screen.wished)
        assertEquals(ApprovalPhase.Asking, screen.send(ApprovalEvent.Scan(on = false)).phase)
        screen.send(ApprovalEvent.Scan(on = true))
        ends(ApprovalEnd.APPROVED, screen.send(ApprovalEvent.Saw(page)))
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
