package org.countersign.app.shell

import android.view.View
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.plus
import org.countersign.app.screen.Drawing
import org.countersign.logic.Logic
import org.countersign.logic.Outside
import org.countersign.logic.Screen
import org.countersign.logic.Store

/** A screen that is shown: its store, what draws it, and what it is told from outside. With [end] all that it asked ends. */
class Shown<S : Screen, E : Any>(
    within: CoroutineScope,
    outside: Outside,
    logic: Logic<S, E>,
    private val tick: E?,
    private val changed: E?,
    private val returned: E? = null,
    private val onEnd: () -> Unit = {},
    draw: ((E) -> Unit) -> Drawing<S>,
) {
    private val scope = within + Job(within.coroutineContext.job)
    private val store = Store(logic, scope, outside)
    private val drawing = draw(store::send)

    val view: View get() = drawing.view

    fun begin() {
        scope.launch {
            store.state.collect {
                drawing.draw(it)
                onDrawn()
            }
        }
        store.begin()
    }

    /** Hears of each state that was drawn. */
    var onDrawn: () -> Unit = {}

    /** Whether *back* stays on the screen now. */
    val takesBack: Boolean get() = store.takesBack

    /** The system's *back*; false where it leaves the screen. */
    fun back(): Boolean = store.back()

    /** A second went by. */
    fun tick() {
        tick?.let(store::send)
    }

    /** Something changed in the core. */
    fun changed() {
        changed?.let(store::send)
    }

    /** The person has the screen before them again. */
    fun returned() {
        returned?.let(store::send)
    }

    /** Whether the phone shall not go dark now, nor lock for want of a touch. */
    val staysAwake: Boolean get() = store.state.value.staysAwake

    fun end() {
        onEnd()
        scope.cancel()
    }
}
