package org.countersign.logic.gateway

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import org.countersign.bindings.CountersignException
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.PortFault
import org.countersign.logic.core.GatewayCalls
import org.countersign.logic.support.FakeGateways
import org.countersign.logic.support.gateway
import org.junit.Assert.assertEquals
import org.junit.Test

class PollerTest {
    private val gateways = FakeGateways(listOf(gateway("one"), gateway("two")))
    private val scope = CoroutineScope(Dispatchers.Unconfined + Job())

    private fun polled(id: String) = gateways.asked.count { it == "poll $id" }

    @Test
    fun theGatewaySaysWhenItIsAskedAgain() {
        assertEquals(1500L, pauseAfter(PollOutcome(news = true, nextInMs = 1500u, fault = null), failures = 0))
        assertEquals(null, pauseAfter(PollOutcome(news = false, nextInMs = null, fault = null), failures = 0))
    }

    @Test
    fun oneThatCannotBeReachedIsAskedLessAndLessOften() {
        val pauses = listOf(1, 2, 3, 8, 9, 99).map { pauseAfter(null, it) }
        assertEquals(listOf<Long?>(2_000, 4_000, 8_000, 256_000, 300_000, 300_000), pauses)
    }

    @Test
    fun eachIsAskedOnceAndOneThatIsGoneNoMore() {
        val poller = Poller(gateways, scope)
        poller.follow()
        poller.follow()
        assertEquals(1 to 1, polled("one") to polled("two"))
        gateways.rows = gateways.rows.take(1)
        poller.follow()
        gateways.rows = listOf(gateway("one"), gateway("two"))
        poller.follow()
        assertEquals(1 to 2, polled("one") to polled("two"))
        poller.stop()
        poller.follow()
        assertEquals(2 to 3, polled("one") to polled("two"))
    }

    @Test
    fun aFaultyGatewayHoldsUpNoOther() {
        val faulty =
            object : GatewayCalls by gateways {
                override suspend fun poll(gateway: String, waitS: ULong): PollOutcome {
                    if (gateway == "one") throw CountersignException.Port(PortFault.NETWORK)
                    return gateways.poll(gateway, waitS)
                }
            }
        Poller(faulty, scope).follow()
        assertEquals(1, polled("two"))
    }

    @Test
    fun oneThatAnotherAsksIsAskedSoonAgainHoweverLongThatTakes() {
        assertEquals(2_000L, pauseAfter(whileBusy(PortFault.BUSY), failures = 0))
        assertEquals(null, whileBusy(PortFault.NETWORK))
    }

    @Test
    fun oneThatIsNotToBeAskedAnyMoreIsLeftAlone() {
        val over =
            object : GatewayCalls by gateways {
                override suspend fun poll(gateway: String, waitS: ULong): PollOutcome {
                    gateways.poll(gateway, waitS)
                    return PollOutcome(news = false, nextInMs = null, fault = null)
                }
            }
        Poller(over, scope).follow()
        assertEquals(1, polled("one"))
    }
}
