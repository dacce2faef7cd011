package org.countersign.logic.gateway

import org.countersign.bindings.CountersignException
import org.countersign.bindings.EnrolOffer
import org.countersign.bindings.GatewayFault
import org.countersign.bindings.GatewayState
import org.countersign.bindings.GoneWhy
import org.countersign.bindings.PortFault
import org.countersign.logic.Act
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.fault.portNotice
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.scan.Found
import org.countersign.logic.support.FakeApprovals
import org.countersign.logic.support.FakeBells
import org.countersign.logic.support.FakeGateways
import org.countersign.logic.support.FakeOffline
import org.countersign.logic.support.Hand
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.approval
import org.countersign.logic.support.gateway
import org.countersign.logic.support.secret
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class EnrolTest {
    private val hand = Hand(NOW)
    private val bells = FakeBells()
    private val gateways = FakeGateways(listOf(gateway(state = pending())))
    private val offer = Found.Enrolment(EnrolOffer("gate.example.com", NOW + 300u), secret("countersign:link"))

    private fun pending() = GatewayState.Pending("492039", NOW + 300u)

    private fun screen(found: Found.Enrolment? = offer) = Screened(EnrolLogic(found, gateways, bells, hand))

    @Test
    fun theHostIsShownAndNothingIsSentBeforeAYes() {
        val screen = screen()
        assertEquals("gate.example.com" to "Example", screen.state.host to screen.state.name)
        assertEquals(EnrolStep.Asking, screen.state.step)
        assertEquals(listOf("name"), gateways.asked)
    }

    @Test
    fun aPhoneThatCannotAskForItsPersonIsToldWhy() {
        val screen = screen()
        gateways.rows = emptyList()
        gateways.fails = CountersignException.Port(PortFault.UNAVAILABLE)
        assertEquals(
            Say.phoneScanEnrolNoLock to Act.SCREEN_LOCK,
            screen.send(EnrolEvent.Agree).notice?.run {
                text to
                    act
            },
        )
        screen.send(EnrolEvent.OnNotice(Act.SCREEN_LOCK))
        assertEquals(listOf<Wish>(Wish.OpenSettings(SettingsPage.SCREEN_LOCK)), screen.wished)
        assertEquals("it can be tried again", EnrolStep.Asking, screen.state.step)
    }

    @Test
    fun theDigitsWaitForThePage() {
        val screen = screen()
        screen.send(EnrolEvent.Agree)
        assertEquals(EnrolStep.Pending("gate", Digits("492039"), NOW + 300u), screen.state.step)
        gateways.rows = listOf(gateway())
        assertEquals(EnrolStep.Joined, screen.send(EnrolEvent.Changed).step)
        screen.send(EnrolEvent.Done)
        assertEquals(listOf<Go>(Go.Home), screen.went)
        assertEquals("it may notify already", emptyList<Wish>(), screen.wished)
    }

    @Test
    fun whoJoinedIsAskedWhetherThePhoneMayNotify() {
        bells.facts = bells.facts.copy(mayNotify = false, canAsk = true)
        val screen = screen()
        screen.send(EnrolEvent.Agree)
        assertEquals("not before it is of use", false, screen.state.willAsk)
        gateways.rows = listOf(gateway())
        assertEquals("it is said why", true, screen.send(EnrolEvent.Changed).willAsk)
        screen.send(EnrolEvent.Done)
        assertEquals(listOf<Wish>(Wish.AskToNotify), screen.wished)
        assertEquals(listOf<Go>(Go.Home), screen.went)
    }

    @Test
    fun whatMayHaveArrivedIsNotAskedAnew() {
        val screen = screen()
        gateways.rows = listOf(gateway(state = GatewayState.Asking))
        gateways.fails = CountersignException.Port(PortFault.TIMEOUT)
        val after = screen.send(EnrolEvent.Agree)
        assertEquals(EnrolStep.Enrolling, after.step)
        assertEquals(portNotice(PortFault.TIMEOUT)?.text, after.notice?.text)
        gateways.rows = listOf(gateway(state = pending()))
        val found = screen.send(EnrolEvent.Changed).step
        assertEquals(EnrolStep.Pending("gate", Digits("492039"), NOW + 300u), found)
    }

    @Test
    fun whatIsUnderWayIsEndedAfterAQuestionAndTheGatewayIsTold() {
        val screen = screen()
        screen.send(EnrolEvent.Agree)
        assertTrue(screen.send(EnrolEvent.End).asksEnd)
        assertEquals("back takes the question away", false, screen.back().asksEnd)
        screen.send(EnrolEvent.End)
        screen.send(EnrolEvent.Ending(sure = true))
        assertEquals("leave gate", gateways.asked.last())
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    @Test
    fun anEndThatCannotBeToldIsSaidAndNothingIsLost() {
        val screen = screen()
        screen.send(EnrolEvent.Agree)
        gateways.leaveFails = CountersignException.Port(PortFault.NETWORK)
        screen.send(EnrolEvent.End)
        val after = screen.send(EnrolEvent.Ending(sure = true))
        assertEquals(Say.errorNetwork, after.notice?.text)
        assertTrue(after.step is EnrolStep.Pending && screen.went.isEmpty())
    }

    @Test
    fun oneThatJoinedMeanwhileIsNotAskedAbout() {
        val screen = screen()
        screen.send(EnrolEvent.Agree)
        screen.send(EnrolEvent.End)
        gateways.rows = listOf(gateway())
        assertEquals(EnrolStep.Joined to false, screen.send(EnrolEvent.Changed).run { step to asksEnd })
    }

    @Test
    fun anEndIsSaid() {
        GoneWhy.entries.forEach { why ->
            gateways.rows = listOf(gateway(state = pending()))
            val screen = screen()
            screen.send(EnrolEvent.Agree)
            gateways.rows = listOf(gateway(state = GatewayState.Gone(why)))
            assertEquals(EnrolStep.Ended(goneText(why)), screen.send(EnrolEvent.Changed).step)
        }
        gateways.rows = listOf(gateway(state = pending()))
        val screen = screen()
        screen.send(EnrolEvent.Agree)
        gateways.rows = emptyList()
        assertEquals(EnrolStep.Ended(Say.tuiJoinGone), screen.send(EnrolEvent.Changed).step)
    }

    @Test
    fun digitsThatWereNotTypedInTimeAreOver() {
        val screen = screen()
        screen.send(EnrolEvent.Agree)
        hand += 300
        assertEquals(EnrolStep.Ended(Say.errorCodeExpired), screen.send(EnrolEvent.Tick).step)
    }

    @Test
    fun whatTheGatewayRefusesIsSaidAndCanBeTriedAgain() {
        gateways.fails = CountersignException.Port(PortFault.TIMEOUT)
        val screen = screen()
        assertEquals(Act.RETRY, screen.state.notice?.act)
        gateways.fails = null
        assertEquals("Example", screen.send(EnrolEvent.OnNotice(Act.RETRY)).name)
        gateways.rows = emptyList()
        gateways.fails = CountersignException.Gateway(GatewayFault.CodeUsed)
        val after = screen.send(EnrolEvent.Agree)
        assertEquals(Say.errorCodeUsed, after.notice?.text)
        assertEquals(EnrolStep.Asking, after.step)
    }

    @Test
    fun whatWasSentBeforeTheProcessDiedIsGoneOnWith() {
        val step = screen(found = null).state.step as EnrolStep.Pending
        assertEquals("gate", step.id)
        gateways.rows = gateways.rows.map { it.copy(state = GatewayState.Asking) }
        assertEquals(EnrolStep.Enrolling, screen(found = null).state.step)
    }

    @Test
    fun aLinkThatIsGoneWithTheProcessIsScannedAgain() {
        gateways.rows = emptyList()
        val screen = screen(found = null)
        assertEquals(EnrolStep.NoLink, screen.state.step)
        screen.send(EnrolEvent.Agree)
        screen.send(EnrolEvent.ScanAgain)
        screen.send(EnrolEvent.Stop)
        assertEquals(listOf(Go.Instead(Route.Scan), Go.Back), screen.went)
        assertTrue(gateways.asked.isEmpty())
    }

    @Test
    fun anAnswerCodeIsShownAfterAYes() {
        val calls = FakeApprovals(listOf(approval("one")))
        val screen = Screened(AnswerLogic(Found.Offline("gate.example.com", FakeOffline()), calls))
        assertEquals("Payroll", screen.state.asked?.app)
        assertEquals(null, screen.state.code)
        calls.fails = CountersignException.Gateway(GatewayFault.NoAnswerCodes)
        assertEquals(Say.errorNoAnswerCodes, screen.send(AnswerEvent.Agree).notice?.text)
        calls.fails = null
        assertEquals("1234 5678", screen.send(AnswerEvent.Agree).code?.grouped())
        screen.send(AnswerEvent.Done)
        val none = Screened(AnswerLogic(null, calls))
        none.send(AnswerEvent.Agree)
        none.send(AnswerEvent.ScanAgain)
        assertEquals(listOf(Go.Back, Go.Instead(Route.Scan)), screen.went + none.went)
    }
}
