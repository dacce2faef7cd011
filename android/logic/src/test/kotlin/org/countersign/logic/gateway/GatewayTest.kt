package org.countersign.logic.gateway

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.CountersignException
import org.countersign.bindings.DamagedEnrolment
import org.countersign.bindings.FileDamage
import org.countersign.bindings.GatewayFault
import org.countersign.bindings.GatewayState
import org.countersign.bindings.GoneWhy
import org.countersign.bindings.JoiningRow
import org.countersign.bindings.Os
import org.countersign.bindings.PortFault
import org.countersign.bindings.Staleness
import org.countersign.logic.Act
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.FakeBells
import org.countersign.logic.support.FakeGateways
import org.countersign.logic.support.Hand
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.gateway
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class GatewayTest {
    private val hand = Hand(NOW)
    private val gateways = FakeGateways(listOf(gateway()))
    private val bells = FakeBells()

    private fun screen() = Screened(GatewayLogic("gate", gateways))

    private fun move() = Screened(MoveLogic("gate", gateways, hand))

    @Test
    fun allEnrolmentsAreListedAndOpened() {
        gateways.damaged = listOf(DamagedEnrolment("bad", FileDamage.UNREADABLE))
        val screen = Screened(GatewaysLogic(gateways, bells))
        assertEquals(listOf("gate") to listOf("bad"), screen.state.rows.map { it.id } to screen.state.damaged)
        screen.send(GatewaysEvent.Open("gate"))
        screen.send(GatewaysEvent.Enrol)
        assertEquals(listOf(Go.To(Route.Gateway("gate")), Go.To(Route.Scan)), screen.went)
    }

    @Test
    fun oneThatCannotBeReadIsForgottenAfterAQuestion() {
        val bad = listOf(DamagedEnrolment("bad", FileDamage.UNREADABLE))
        gateways.damaged = bad
        val screen = Screened(GatewaysLogic(gateways, bells))
        screen.send(GatewaysEvent.Forget("bad"))
        assertEquals("back takes the question away", null, screen.back().forgetting)
        assertEquals(listOf("bad"), screen.send(GatewaysEvent.Forgetting(sure = true)).damaged)
        screen.send(GatewaysEvent.Forget("bad"))
        assertEquals("bad", screen.send(GatewaysEvent.Changed).forgetting)
        assertTrue(screen.send(GatewaysEvent.Forgetting(sure = true)).damaged.isEmpty())
        gateways.damaged = bad
        screen.send(GatewaysEvent.Changed)
        gateways.fails = CountersignException.Port(PortFault.DISK)
        screen.send(GatewaysEvent.Forget("bad"))
        assertEquals(Say.errorDisk, screen.send(GatewaysEvent.Forgetting(sure = true)).notice?.text)
        screen.send(GatewaysEvent.Forget("bad"))
        gateways.damaged = emptyList()
        assertEquals("what is gone is not asked about", null, screen.send(GatewaysEvent.Changed).forgetting)
    }

    @Test
    fun whatKeepsSignInsFromBeingToldIsSaidWithTheWayThere() {
        bells.facts = bells.facts.copy(isSaving = true)
        val screen = Screened(GatewaysLogic(gateways, bells))
        assertEquals(Say.phoneBellSaver to Act.BELLS, screen.state.bell?.run { text to act })
        screen.send(GatewaysEvent.Bells)
        assertEquals(listOf<Go>(Go.To(Route.Bells)), screen.went)
        bells.facts = bells.facts.copy(isSaving = false)
        assertEquals(null, screen.send(GatewaysEvent.Changed).bell)
    }

    @Test
    fun whatNeedsCareIsSaid() {
        val states =
            listOf(
                GatewayState.Asking,
                GatewayState.Pending("492039", NOW),
                GatewayState.Suspended,
                GatewayState.Gone(GoneWhy.ADMIN),
                GatewayState.KeysGone,
                GatewayState.Damaged,
            )
        val care =
            states.map {
                gateways.rows = listOf(gateway(state = it))
                screen().state.care?.text
            }
        assertEquals(states.size, care.filterNotNull().toSet().size)
        gateways.rows = listOf(gateway(state = states[1]))
        assertEquals(Digits("492039"), screen().state.digits)
        gateways.rows = listOf(gateway().copy(clockAhead = 240))
        assertEquals(Say.phoneClockFast(Say.errorMinutes(count(4))), screen().state.care?.text)
        gateways.rows = listOf(gateway().copy(stale = Staleness.KEYS))
        assertEquals(Say.errorKeysLost, screen().state.care?.text)
        gateways.rows = listOf(gateway().copy(outdated = true))
        assertEquals(Say.errorVersion, screen().state.care?.text)
        assertFalse(screen().state.canMove)
    }

    @Test
    fun allPhonesStandOnTheGatewaysPage() {
        val screen = screen()
        screen.send(GatewayEvent.OpenPage)
        assertEquals(listOf<Wish>(Wish.OpenPage("gate.example.com")), screen.wished)
        gateways.rows = listOf(gateway(state = GatewayState.Gone(GoneWhy.ADMIN)))
        assertFalse("it knows this phone no more", screen.send(GatewayEvent.Changed).hasPage)
        screen.send(GatewayEvent.OpenPage)
        assertEquals(1, screen.wished.size)
    }

    @Test
    fun leavingIsAskedAndTheGatewayIsTold() {
        val screen = screen()
        assertEquals(LeaveAsk.LEAVE, screen.send(GatewayEvent.Leave).ask)
        assertEquals(null, screen.send(GatewayEvent.Leaving(sure = false)).ask)
        screen.send(GatewayEvent.Leave)
        screen.send(GatewayEvent.Leaving(sure = true))
        assertEquals(listOf("leave gate"), gateways.asked)
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    @Test
    fun aGatewayThatCannotBeToldIsForgottenOnlyAfterAnotherQuestion() {
        val screen = screen()
        gateways.leaveFails = CountersignException.Port(PortFault.NETWORK)
        screen.send(GatewayEvent.Leave)
        val after = screen.send(GatewayEvent.Leaving(sure = true))
        assertEquals(LeaveAsk.FORGET to Say.errorNetwork, after.ask to after.notice?.text)
        assertTrue(gateways.asked.isEmpty())
        screen.send(GatewayEvent.Leaving(sure = true))
        assertEquals(listOf("forget gate"), gateways.asked)
    }

    @Test
    fun oneThatEndedIsForgottenHere() {
        gateways.rows = listOf(gateway(state = GatewayState.Gone(GoneWhy.PERSON)))
        val screen = screen()
        screen.send(GatewayEvent.Move)
        assertEquals(LeaveAsk.FORGET, screen.send(GatewayEvent.Leave).ask)
        screen.send(GatewayEvent.EnrolAgain)
        assertEquals(listOf<Go>(Go.To(Route.Scan)), screen.went)
        gateways.rows = emptyList()
        assertTrue(screen.send(GatewayEvent.Changed).isGone)
    }

    @Test
    fun aNewPhoneJoinsByItsSixDigits() {
        screen().also {
            it.send(GatewayEvent.Move)
        }.went.let { assertEquals(listOf<Go>(Go.To(Route.Move("gate"))), it) }
        val screen = move()
        assertEquals(MoveStep.Asking, screen.state.step)
        assertTrue(screen.send(MoveEvent.Begin(replace = false)).step is MoveStep.Shows)
        gateways.move = gateways.move?.copy(joining = JoiningRow(Os.ANDROID, "Pixel"))
        assertTrue(screen.send(MoveEvent.Changed).step is MoveStep.Joining)
        assertEquals(Say.phoneGatewayMoveDigits, screen.send(MoveEvent.Confirm(Digits("123"))).notice?.text)
        screen.send(MoveEvent.Confirm(Digits("492039")))
        assertEquals(MoveStep.Done(Say.tuiMoved(plain("gate.example.com"))), screen.state.step)
    }

    @Test
    fun theDigitsGoOutOnceAndWhatIsHeardMeanwhileWaits() {
        val screen = move()
        screen.send(MoveEvent.Begin(replace = false))
        gateways.move = gateways.move?.copy(joining = JoiningRow(Os.ANDROID, "Pixel"))
        screen.send(MoveEvent.Changed)
        gateways.waits = CompletableDeferred()
        val digits = MoveEvent.Confirm(Digits("492039"))
        repeat(2) { assertEquals(true, (screen.send(digits).step as MoveStep.Joining).waits) }
        assertEquals(true, (screen.send(MoveEvent.Changed).step as MoveStep.Joining).waits)
        gateways.waits?.complete(Unit)
        assertEquals(1, gateways.asked.count { it.startsWith("confirm") })
        assertEquals(MoveStep.Done(Say.tuiMoved(plain("gate.example.com"))), screen.state.step)
    }

    @Test
    fun whatWasReadBeforeAnInvitationSaysNothingOfIt() {
        gateways.waits = CompletableDeferred()
        val screen = move()
        val reading = gateways.waits
        gateways.waits = CompletableDeferred()
        repeat(2) { assertEquals(MoveStep.Inviting, screen.send(MoveEvent.Begin(replace = false)).step) }
        reading?.complete(Unit)
        assertEquals(MoveStep.Inviting, screen.state.step)
        gateways.waits?.complete(Unit)
        assertTrue(screen.state.step is MoveStep.Shows && screen.state.staysAwake)
        assertEquals(1, gateways.asked.count { it.startsWith("invite") })
    }

    @Test
    fun wrongDigitsOfTheNewPhoneAreSaid() {
        val screen = move()
        screen.send(MoveEvent.Begin(replace = true))
        gateways.move = gateways.move?.copy(joining = JoiningRow(Os.ANDROID, "Pixel"))
        screen.send(MoveEvent.Changed)
        gateways.fails = CountersignException.Gateway(GatewayFault.WrongDigits(2u))
        val after = screen.send(MoveEvent.Confirm(Digits("492039")))
        assertEquals(Say.errorWrongMove(count(2)), after.notice?.text)
        assertEquals(false, (after.step as MoveStep.Joining).waits)
        gateways.fails = null
        screen.send(MoveEvent.Confirm(Digits("492039")))
        assertEquals(MoveStep.Done(Say.tuiMovedReplace(plain("gate.example.com"))), screen.state.step)
    }

    @Test
    fun aMoveUnderWayIsGoneOnWithAndEndsByTheClock() {
        move().send(MoveEvent.Begin(replace = false))
        val again = move()
        assertTrue(again.state.step is MoveStep.Shows)
        hand += 600
        assertEquals(MoveStep.Over(Say.phoneGatewayMoveOver), again.send(MoveEvent.Tick).step)
        gateways.move = null
        hand += -600
        val third = move()
        third.send(MoveEvent.Begin(replace = false))
        gateways.move = null
        assertEquals(MoveStep.Over(Say.phoneGatewayMoveOver), third.send(MoveEvent.Changed).step)
    }

    @Test
    fun anInvitationThatFailsLeavesTheQuestion() {
        val screen = move()
        gateways.fails = CountersignException.Gateway(GatewayFault.Policy("move"))
        val after = screen.send(MoveEvent.Begin(replace = false))
        assertEquals(MoveStep.Asking to Say.errorPolicyMove, after.step to after.notice?.text)
        screen.send(MoveEvent.Back)
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }
}
