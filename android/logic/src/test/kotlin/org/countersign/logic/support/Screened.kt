package org.countersign.logic.support

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import org.countersign.logic.Logic
import org.countersign.logic.Now
import org.countersign.logic.Outside
import org.countersign.logic.Screen
import org.countersign.logic.Store
import org.countersign.logic.Wish
import org.countersign.logic.route.Go

/** A screen that lives in a test: what it asks is answered before `send` returns, unless a fake waits. */
class Screened<S : Screen, E : Any>(logic: Logic<S, E>) : Outside {
    val went = mutableListOf<Go>()
    val wished = mutableListOf<Wish>()
    private val store = Store(logic, CoroutineScope(Dispatchers.Unconfined), this)
    val state: S get() = store.state.value

    init {
        store.begin()
    }

    fun send(event: E): S {
        store.send(event)
        return state
    }

    /** The system's *back*, where it is the screen's own matter. */
    fun back(): S {
        check(store.back()) { "back leaves the screen" }
        return state
    }

    val takesBack: Boolean get() = store.takesBack

    override fun go(go: Go) {
        went += go
    }

    override fun wish(wish: Wish) {
        if (wish is Wish.All) wished += wish.wishes else wished += wish
    }
}

/** A clock that a test sets. */
class Hand(var at: ULong = 1_700_000_000UL) : Now {
    override fun invoke() = at

    operator fun plusAssign(seconds: Int) {
        at += seconds.toULong()
    }
}
