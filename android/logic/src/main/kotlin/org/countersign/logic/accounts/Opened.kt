package org.countersign.logic.accounts

import org.countersign.logic.text.Digits

/** What a tap has opened for a while: hidden codes, codes of counters, and the word that one was copied. */
data class Opened(
    /** Until when the hidden code of an account is shown. */
    val shown: Map<ULong, ULong> = emptyMap(),
    /** The codes of counters that were asked for. */
    val counted: Map<ULong, Counted> = emptyMap(),
    /** The account whose code was copied just now. */
    val copied: Copied? = null,
) {
    data class Counted(val code: Digits?, val until: ULong)

    data class Copied(val id: ULong, val until: ULong)

    fun show(id: ULong, now: ULong) = copy(shown = shown + (id to now + SHOWN_S))

    /** The next code of a counter is asked for. */
    fun ask(id: ULong) = copy(counted = counted + (id to Counted(null, ULong.MAX_VALUE)))

    fun count(id: ULong, code: Digits, now: ULong) = copy(counted = counted + (id to Counted(code, now + COUNTED_S)))

    fun copied(id: ULong, now: ULong) = copy(copied = Copied(id, now + COPIED_S))

    /** What was asked for will not come. */
    fun gaveUp() = copy(counted = counted.filterValues { it.code != null })

    /** Without what is over. */
    fun at(now: ULong) = Opened(
        shown.filterValues { it > now },
        counted.filterValues { it.until > now },
        copied?.takeIf { it.until > now },
    )

    private companion object {
        /** Seconds that a hidden code is shown. */
        const val SHOWN_S = 10UL

        /** Seconds that the code of a counter stays: it is good for long, but not to be left lying. */
        const val COUNTED_S = 60UL

        /** Seconds that the word *copied* stands. */
        const val COPIED_S = 2UL
    }
}
