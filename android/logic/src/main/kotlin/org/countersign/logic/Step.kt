package org.countersign.logic

import org.countersign.logic.route.Go

/** What a screen draws. Its values are never changed: an event makes the next one. */
interface Screen {
    /** Whether the person is busy here without touching the phone: it neither goes dark nor locks for want of a touch. */
    val staysAwake: Boolean get() = false
}

/**
 * What an event came to: the next [state], what is asked of the core for it ([ask] brings the next event), where the person
 * goes, and what the platform is to do.
 */
class Step<S : Screen, E : Any>(
    val state: S,
    val ask: (suspend () -> E)? = null,
    val go: Go? = null,
    val wish: Wish? = null,
    /** Ends what was asked before and has not come yet. */
    val stop: Boolean = false,
)

/** The rules of one screen. Both are pure: what takes time or can fail stands in [Step.ask]. */
interface Logic<S : Screen, E : Any> {
    /** What the screen is as it opens. */
    fun begin(): Step<S, E>

    /** What [event] makes of it. */
    fun on(state: S, event: E): Step<S, E>

    /** What the system's *back* means while the screen is so; none where it leaves the screen. */
    fun back(state: S): E? = null
}

/** Unix time, from a port: rules ask for it, and tests set it. */
fun interface Now {
    operator fun invoke(): ULong
}
