package org.countersign.logic.text

import java.util.Locale
import org.countersign.logic.Secret
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Test

class TextTest {
    @Test
    fun digitsAreGroupedAsCoreGroupsThem() {
        val shown = listOf("12345", "123456", "1234567", "12345678", "123456789", "1234567890").map {
            Digits(it).grouped()
        }
        assertEquals(listOf("123 45", "123 456", "123 45 67", "1234 5678", "123 456 789", "123 456 7890"), shown)
        assertEquals("BCDFG", Digits("BCDFG").grouped())
        assertEquals("••• •••", Digits.hidden(6))
    }

    @Test
    fun aScreenReaderSaysDigitsOneByOneWithAPauseBetweenTheGroups() {
        assertEquals("4 9 2, 0 3 9", Digits("492039").spoken())
    }

    @Test
    fun noLocaleTouchesDigitsOrTheClock() {
        val before = Locale.getDefault()
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"))
            assertEquals("492 039", Digits("492039").grouped())
            assertEquals("4:05", clockFace(until = 245u, now = 0u))
            assertEquals(Plain("7"), count(7))
        } finally {
            Locale.setDefault(before)
        }
    }

    @Test
    fun whatIsSecretPrintsNothing() {
        assertFalse("${Digits("492039")}".contains("492"))
        assertFalse("${Secret("open".toByteArray())}".contains("open"))
    }

    @Test
    fun aCountdownSaysSecondsAndWhatIsLeft() {
        assertEquals(Countdown(15, 0.5f), Countdown.of(since = 100u, until = 130u, now = 115u))
        assertEquals(Countdown(0, 0f), Countdown.of(since = 100u, until = 130u, now = 140u))
    }

    @Test
    fun spansHaveOneUnit() {
        assertEquals(Say.errorSecond, span(1u))
        assertEquals(Say.errorSeconds(count(119)), span(119u))
        assertEquals(Say.errorMinutes(count(4)), span(240u))
        assertEquals(Say.errorHours(count(3)), span(10_800u))
        assertEquals(Say.phoneDays(count(2)), span(172_800u))
    }

    @Test
    fun whatWasIsSaidInWordsWhileItIsNear() {
        val now = 1_700_000_000UL
        assertEquals(Say.phoneJustNow, ago(now - 30u, now))
        assertEquals(Say.phoneJustNow, ago(now + 30u, now))
        assertEquals(Say.phoneMinuteAgo, ago(now - 60u, now))
        assertEquals(Say.phoneMinutesAgo(count(59)), ago(now - 3599u, now))
        assertEquals(Say.phoneHourAgo, ago(now - 3600u, now))
        assertEquals(Say.phoneHoursAgo(count(23)), ago(now - 86_399u, now))
        assertEquals(Moment(now - 86_400u), ago(now - 86_400u, now))
    }
}
