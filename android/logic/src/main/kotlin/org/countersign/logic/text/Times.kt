package org.countersign.logic.text

/** How much of a code's life is left at [now]: what a ring draws, and the seconds that stand in it. */
data class Countdown(val seconds: Int, val part: Float) {
    companion object {
        fun of(since: ULong, until: ULong, now: ULong): Countdown {
            val left = if (until > now) (until - now).toInt() else 0
            val life = if (until > since) (until - since).toInt() else 1
            return Countdown(left, (left.toFloat() / life).coerceIn(0f, 1f))
        }
    }
}

private const val MINUTE = 60UL
private const val HOUR = 3_600UL
private const val DAY = 86_400UL

/** A length of time in one unit: `1 second`, `40 seconds`, `4 minutes`, `3 hours`. */
fun span(seconds: ULong): Text = when {
    seconds == 1UL -> Say.errorSecond
    seconds < 2UL * MINUTE -> Say.errorSeconds(count(seconds))
    seconds < 2UL * HOUR -> Say.errorMinutes(count(seconds / MINUTE))
    seconds < 2UL * DAY -> Say.errorHours(count(seconds / HOUR))
    else -> Say.phoneDays(count(seconds / DAY))
}

/** When something was, seen from [now]: near in words, further away by its day. */
fun ago(at: ULong, now: ULong): Text {
    val past = if (now > at) now - at else 0UL
    return when {
        past < MINUTE -> Say.phoneJustNow
        past < 2UL * MINUTE -> Say.phoneMinuteAgo
        past < HOUR -> Say.phoneMinutesAgo(count(past / MINUTE))
        past < 2UL * HOUR -> Say.phoneHourAgo
        past < DAY -> Say.phoneHoursAgo(count(past / HOUR))
        else -> Moment(at)
    }
}

/** The time that is left until [until]: `4:05`, never less than `0:00`. No locale writes it. */
fun clockFace(until: ULong, now: ULong): String {
    val left = if (until > now) until - now else 0UL
    return "${left / MINUTE}:${(left % MINUTE).toString().padStart(2, '0')}"
}
