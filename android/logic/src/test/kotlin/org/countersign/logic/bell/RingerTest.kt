package org.countersign.logic.bell

import kotlinx.coroutines.runBlocking
import org.countersign.bindings.ApprovalState
import org.countersign.bindings.Bell
import org.countersign.bindings.CountersignException
import org.countersign.bindings.GatewayState
import org.countersign.bindings.Op
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.PortFault
import org.countersign.bindings.PushEndpoint
import org.countersign.bindings.Res
import org.countersign.bindings.Told
import org.countersign.logic.support.CONTEXT
import org.countersign.logic.support.FakeGate
import org.countersign.logic.support.FakeShell
import org.countersign.logic.support.Hand
import org.countersign.logic.support.NOW
import org.countersign.logic.support.approval
import org.countersign.logic.support.gateway
import org.countersign.logic.text.Country
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

private const val ENDPOINT = "https://ntfy.example.com/up1"

/** What is done when a bell rings, or it is time. */
class RingerTest {
    private val gate = FakeGate(listOf(gateway("gate")))
    private val shell = FakeShell()
    private val ringer = Ringer(gate, shell, Hand(NOW))

    private fun does(work: Work) = runBlocking { ringer.does(work) }

    private fun ring() = does(Work.Ring("gate", ByteArray(8)))

    @Test
    fun aSealedBellIsShownBeforeAnybodyIsAsked() {
        gate.means = Bell.Asks("gate.one")
        gate.asking = listOf(approval("gate.one"))
        gate.fails = CountersignException.Port(PortFault.NETWORK)
        assertFalse("it is tried again", ring())
        assertEquals(listOf("gate.one"), shell.shown.map { it.approval })
        assertEquals(0, shell.saidWaiting)
        assertEquals(listOf("bell gate"), gate.asked)
    }

    @Test
    fun aBellOfAnotherOfItsGatewaysPollsThatOne() {
        gate.means = Bell.Poll("two")
        assertTrue(ring())
        assertEquals(listOf("bell two"), gate.asked)
    }

    @Test
    fun whatCannotBeReadPollsTheEnrolmentThatItRangFor() {
        gate.rows += gateway("two")
        assertTrue(ring())
        assertEquals(listOf("bell gate"), gate.asked)
    }

    @Test
    fun bellsInARowAreOnePollMore() {
        val early = PollOutcome(news = false, nextInMs = 20u, fault = null)
        gate.outcomes = listOf(early, PollOutcome(news = true, nextInMs = 0u, fault = null))
        assertTrue(ring())
        assertEquals(listOf("bell gate", "bell gate"), gate.asked)
        gate.outcomes = listOf(early.copy(nextInMs = 60_000u))
        ring()
        assertEquals("that pause is another", 3, gate.asked.size)
    }

    @Test
    fun whereNothingIsKnownItSaysThatSomethingWaits() {
        gate.fails = CountersignException.Port(PortFault.NETWORK)
        assertFalse(ring())
        assertEquals(1, shell.saidWaiting)
        gate.fails = CountersignException.Port(PortFault.BUSY)
        assertTrue("it is being asked already", ring())
        assertEquals(1, shell.saidWaiting)
        gate.fails = null
        gate.outcomes = listOf(PollOutcome(news = false, nextInMs = 2_000u, fault = "tls"))
        assertFalse(ring())
        assertEquals(2, shell.saidWaiting)
    }

    @Test
    fun itIsTimeForEveryGateway() {
        gate.rows =
            listOf(gateway("gate"), gateway("two", GatewayState.Suspended), gateway("off", GatewayState.KeysGone))
        gate.asking = listOf(approval("two.x"))
        assertTrue(does(Work.Look))
        assertEquals(listOf("poll gate", "poll two"), gate.asked)
        assertEquals(listOf("gate", "two"), shell.kept.map { it.gateway })
        assertEquals(listOf("two.x"), shell.shown.map { it.approval })
    }

    @Test
    fun anEndpointIsToldOnce() {
        does(Work.Tend)
        assertEquals(Stands.ASKED, shell.kept.single().stands)
        repeat(2) { assertTrue(does(Work.Tell("gate", ENDPOINT))) }
        assertEquals(listOf("set gate $ENDPOINT"), gate.asked)
        assertEquals(Stands.SET, shell.kept.single().stands)
        assertEquals(1, shell.sent.size)
    }

    @Test
    fun anEndpointThatTheGatewayCannotBeToldYetIsKeptAllTheSame() {
        does(Work.Tend)
        gate.fails = CountersignException.Port(PortFault.NETWORK)
        does(Work.Tell("gate", ENDPOINT))
        assertEquals(Stands.SET, shell.kept.single().stands)
    }

    @Test
    fun oneThatNobodyTakesIsSeen() {
        does(Work.Tend)
        does(Work.Tell("gate", "https://a b"))
        assertEquals(Stands.REFUSED, shell.kept.single().stands)
    }

    @Test
    fun withoutADistributorTheGatewayIsToldSo() {
        gate.endpoints["gate"] = PushEndpoint(ENDPOINT, Told.TOLD, FakeGate.VAPID, subscribeAnew = false)
        shell.distributor = null
        does(Work.Tend)
        assertEquals(listOf("set gate null"), gate.asked)
        assertEquals(emptyList<Subscription>(), shell.kept)
    }

    @Test
    fun aNoIsSentAndTakenAway() {
        gate.asking = listOf(approval("gate.one"))
        assertTrue(does(Work.Deny("gate.one")))
        assertTrue(does(Work.Deny("gate.one")))
        assertTrue(does(Work.Deny("gate.unknown")))
        assertEquals(listOf("deny gate.one"), gate.asked)
        assertEquals(emptyList<Ring>(), shell.shown)
    }

    @Test
    fun aNotificationSaysAppAndPlaceAndNeitherDigitsNorAccount() {
        val ring = rings(listOf(approval()), NOW).single()
        assertEquals(Say.phoneBellAsks(plain("Payroll")), ring.title)
        assertEquals(Say.phonePlace(plain("Lyon"), Country("FR")), ring.place)
        assertEquals("gate.example.com" to NOW + 120UL, ring.host to ring.until)
        assertFalse("mara@example.com" in "$ring")
        val nowhere = approval(context = CONTEXT.copy(city = null, cc = null))
        assertEquals(Say.phoneBellNoPlace, rings(listOf(nowhere), NOW).single().place)
        val ops = listOf(Op.SIGN, Op.ENROL).map { rings(listOf(approval().copy(op = it)), NOW).single().title }
        assertEquals(listOf(Say.phoneBellSigns(plain("Payroll")), Say.phoneBellEnrols(plain("Payroll"))), ops)
    }

    @Test
    fun whatIsAnsweredOrOverIsTakenAway() {
        val over =
            listOf(
                approval("late", expires = NOW),
                approval("sending", state = ApprovalState.Sending(Res.DENY)),
                approval("ended", state = FakeGate.DENIED),
                approval("neither", canApprove = false).copy(canDeny = false),
            )
        assertEquals(emptyList<Ring>(), rings(over, NOW))
        assertEquals(1, rings(over + approval("open", canApprove = false), NOW).size)
    }
}
