package org.countersign.logic.bell

import org.countersign.logic.support.NOW
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Test

/** What distributors say, and what strangers do. */
class HeardTest {
    private val asked = Subscription("gate", "a token", "io.ntfy", null, Stands.ASKED, NOW)

    private fun endpoint(words: String?) = heard(UnifiedPush.NEW_ENDPOINT, words, null, null)

    private fun message(size: Int?) = heard(UnifiedPush.MESSAGE, null, null, size?.let(::ByteArray))

    private fun failed(reason: String?) = heard(UnifiedPush.REGISTRATION_FAILED, null, reason, null)

    @Test
    fun onlyWhatIsOfTheFormIsHeard() {
        assertEquals("https://a/b", (endpoint("https://a/b") as Heard.Endpoint).endpoint)
        val most = "https://" + "a".repeat(992)
        assertTrue(endpoint(most) is Heard.Endpoint)
        for (bad in listOf(null, "", "http://a/b", most + "a", "content://a")) assertNull(bad, endpoint(bad))
        assertTrue(message(1) is Heard.Rang && message(4096) is Heard.Rang)
        for (size in listOf(null, 0, 4097)) assertNull("$size", message(size))
        assertEquals(Heard.Failed(Why.WAITS), failed("ACTION_REQUIRED"))
        for (reason in listOf("NETWORK", "INTERNAL_ERROR", "VAPID_REQUIRED", "another", null)) {
            assertEquals(Heard.Failed(Why.LATER), failed(reason))
        }
        assertNull(heard("android.intent.action.VIEW", "https://a/b", null, ByteArray(1)))
        assertNull(heard(null, null, null, null))
    }

    @Test
    fun aStrangersTokenIsNobodys() {
        val kept = listOf(asked, asked.copy(gateway = "two", token = "another"))
        assertEquals("two", kept.by("another")?.gateway)
        for (bad in listOf(null, "", "a toke", "a token ", "x".repeat(101))) assertNull(bad, kept.by(bad))
        assertNull(listOf(asked.copy(token = "x".repeat(101))).by("x".repeat(101)))
    }

    @Test
    fun aSubscriptionGoesItsWay() {
        fun stands(from: Stands, heard: Heard) = asked.copy(stands = from).on(heard, NOW + 5UL).stands
        val rang = Heard.Rang(ByteArray(1))
        assertEquals(Stands.ASKED, stands(Stands.FAILED, Heard.Endpoint("https://a/b")))
        assertEquals(Stands.SET, stands(Stands.SET, Heard.Endpoint("https://a/b")))
        assertEquals(Stands.WAITS, stands(Stands.ASKED, Heard.Failed(Why.WAITS)))
        assertEquals(Stands.FAILED, stands(Stands.ASKED, Heard.Failed(Why.LATER)))
        assertEquals("what was set goes on", Stands.SET, stands(Stands.SET, Heard.Failed(Why.LATER)))
        assertEquals(Stands.FAILED, stands(Stands.SET, Heard.Unregistered))
        assertEquals(Stands.AWAY, stands(Stands.SET, Heard.Away))
        assertEquals("it rang, so it is back", Stands.SET, stands(Stands.AWAY, rang))
        assertEquals(Stands.ASKED, stands(Stands.ASKED, rang))
    }

    @Test
    fun itIsKeptInALineAndPrintsNoToken() {
        val kept = listOf(asked, asked.copy(vapid = "BOVF", stands = Stands.REFUSED))
        assertEquals(kept, kept.mapNotNull { Subscription.read(it.save()) })
        for (bad in listOf("", "a\tb", asked.save() + "\tmore", asked.save().replace("ASKED", "ELSE"))) {
            assertNull(bad, Subscription.read(bad))
        }
        assertSame(-1, "$asked".indexOf("a token"))
    }
}
