package org.countersign.logic

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.plus
import org.countersign.logic.route.Go

/** What leaves a screen: where the person goes, and what the platform is to do. */
interface Outside {
    fun go(go: Go)

    fun wish(wish: Wish)
}

/**
 * A screen that lives: takes events, holds the state, and runs what is asked. It is used from one thread, that of [scope];
 * with the scope all that was asked ends.
 */
class Store<S : Screen, E : Any>(private val logic: Logic<S, E>, scope: CoroutineScope, private val outside: Outside) {
    private val asking = scope + Job(scope.coroutineContext[Job])
    private val first = logic.begin()
    private val held = MutableStateFlow(first.state)

    /** What is drawn. */
    val state: StateFlow<S> = held.asStateFlow()

    /** Asks what the screen needs as it opens. Called once, when somebody draws it. */
    fun begin() = take(first)

    /** Whether *back* is the screen's own matter now. */
    val takesBack: Boolean get() = logic.back(held.value) != null

    /** The system's *back*; false where it is none of the screen's. */
    fun back(): Boolean = logic.back(held.value)?.let(::send) != null

    /** What the person, the platform or the core did. */
    fun send(event: E) = take(logic.on(held.value, event))

    private fun take(step: Step<S, E>) {
        held.value = step.state
        if (step.stop) asking.coroutineContext.job.cancelChildren()
        // What is answered at once wishes something itself, and later.
        step.wish?.let(outside::wish)
        step.go?.let(outside::go)
        step.ask?.let { ask -> asking.launch { send(ask()) } }
    }
}
