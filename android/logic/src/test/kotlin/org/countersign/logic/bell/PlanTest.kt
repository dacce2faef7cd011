package org.countersign.logic.bell

import org.countersign.bindings.PushEndpoint
import org.countersign.bindings.Told
import org.countersign.logic.support.FakeGate.Companion.VAPID
import org.countersign.logic.support.NOW
import org.countersign.logic.support.NTFY
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Test

private const val ENDPOINT = "https://ntfy.example.com/up1"

/** What is subscribed, with whom, and when it is asked again. */
class PlanTest {
    private val other = Distributor("org.other", "Another")
    private val set = Subscription("gate", "old", NTFY.id, VAPID, Stands.SET, NOW)
    private var tokens = 0

    private fun wanted(
        endpoint: String? = ENDPOINT,
        told: Told = Told.TOLD,
        vapid: String? = VAPID,
        anew: Boolean = false,
    ) = listOf(Wanted("gate", PushEndpoint(endpoint, told, vapid, anew)))

    private fun plan(
        wanted: List<Wanted>,
        kept: List<Subscription>,
        distributor: String? = NTFY.id,
        now: ULong = NOW,
    ) = plan(wanted, kept, distributor, now) { "new-${++tokens}" }

    private fun words(plan: Plan) = plan.errands.map {
        when (it) {
            is Errand.Register -> "register ${it.subscription.token} at ${it.subscription.distributor}"
            is Errand.Unregister -> "unregister ${it.token} at ${it.distributor}"
            is Errand.EndBells -> "end ${it.gateway}"
        }
    }

    @Test
    fun aNewEnrolmentIsSubscribedOnce() {
        val first = plan(wanted(endpoint = null), emptyList())
        assertEquals(listOf("register new-1 at io.ntfy"), words(first))
        assertEquals(listOf(Subscription("gate", "new-1", NTFY.id, VAPID, Stands.ASKED, NOW)), first.kept)
        val second = plan(wanted(endpoint = null), first.kept, now = NOW + 59UL)
        assertEquals(emptyList<String>(), words(second))
        assertEquals(listOf("register new-1 at io.ntfy"), words(plan(wanted(null), second.kept, now = NOW + 60UL)))
    }

    @Test
    fun whatIsSetStaysAndIsAskedOnceADayAllTheSame() {
        assertEquals(emptyList<String>(), words(plan(wanted(), listOf(set), now = NOW + 86_399UL)))
        val again = plan(wanted(), listOf(set), now = NOW + 86_400UL)
        assertEquals(listOf("register old at io.ntfy"), words(again))
        assertEquals(Stands.SET, again.kept.single().stands)
    }

    @Test
    fun anEnrolmentThatIsGoneIsSubscribedNoMore() {
        val plan = plan(emptyList(), listOf(set))
        assertEquals(listOf("unregister old at io.ntfy"), words(plan))
        assertEquals(emptyList<Subscription>(), plan.kept)
    }

    @Test
    fun aNewSendingKeyWantsASubscriptionOfItsOwn() {
        val both = listOf("unregister old at io.ntfy", "register new-1 at io.ntfy")
        assertEquals(both, words(plan(wanted(vapid = "another", anew = true), listOf(set))))
        assertEquals(both.map { it.replace("new-1", "new-2") }, words(plan(wanted(anew = true), listOf(set))))
        val asked = set.copy(stands = Stands.ASKED)
        assertEquals("on its way already", emptyList<String>(), words(plan(wanted(anew = true), listOf(asked))))
    }

    @Test
    fun anotherDistributorTakesOver() {
        val plan = plan(wanted(), listOf(set), distributor = other.id)
        assertEquals(listOf("unregister old at io.ntfy", "register new-1 at org.other"), words(plan))
        assertEquals(other.id, plan.kept.single().distributor)
    }

    @Test
    fun withoutADistributorTheGatewayIsToldThatNothingRings() {
        assertEquals(listOf("unregister old at io.ntfy", "end gate"), words(plan(wanted(), listOf(set), null)))
        assertEquals(emptyList<String>(), words(plan(wanted(endpoint = null), emptyList(), null)))
    }

    @Test
    fun aFailureIsTriedAgainLaterByATokenOfItsOwn() {
        for (failed in listOf(Stands.FAILED, Stands.WAITS)) {
            val kept = listOf(set.copy(stands = failed))
            assertEquals(emptyList<String>(), words(plan(wanted(null), kept, now = NOW + 599UL)))
            val again = plan(wanted(null), kept, now = NOW + 600UL)
            assertFalse("a token is used once", again.kept.single().token == "old")
            assertEquals(Stands.ASKED, again.kept.single().stands)
        }
        val away = listOf(set.copy(stands = Stands.AWAY))
        assertEquals(listOf("register old at io.ntfy"), words(plan(wanted(), away, now = NOW + 3_600UL)))
    }

    @Test
    fun whatTheGatewaySaysOfTheEndpointIsKept() {
        val refused = plan(wanted(told = Told.REFUSED), listOf(set)).kept
        assertEquals(Stands.REFUSED, refused.single().stands)
        assertEquals(Stands.SET, plan(wanted(told = Told.TOLD), refused).kept.single().stands)
        assertEquals("lost by the core", listOf("register old at io.ntfy"), words(plan(wanted(null), listOf(set))))
    }

    @Test
    fun theDistributorIsTheLikedOneElseTheOneThatRingsElseTheFirst() {
        val both = listOf(NTFY, other)
        assertEquals(NTFY.id, chosen(both, liked = NTFY.id, kept = emptyList()))
        assertEquals(NTFY.id, chosen(both, liked = null, kept = listOf(set)))
        assertEquals(NTFY.id, chosen(both, liked = "removed", kept = listOf(set)))
        assertEquals(other.id, chosen(both, liked = null, kept = emptyList()))
        assertEquals(other.id, chosen(listOf(other), liked = NTFY.id, kept = listOf(set)))
        assertNull(chosen(emptyList(), NTFY.id, listOf(set)))
    }
}
