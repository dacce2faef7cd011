package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.widget.FrameLayout

/** Draws the states of one screen. [view] stays while the screen does, and with it what is typed, focused and scrolled to. */
interface Drawing<S> {
    val view: View

    fun draw(state: S)
}

/** A place of a screen that is drawn anew when what it shows has changed, and left alone otherwise. */
class Part<T>(context: Context, private val make: (T) -> View?) : FrameLayout(context) {
    private var shown: Any? = NOTHING

    fun show(value: T) {
        if (shown == value) return
        shown = value
        removeAllViews()
        val made = make(value)
        made?.let(::addView)
        visibility = if (made == null) View.GONE else View.VISIBLE
    }

    private companion object {
        val NOTHING = Any()
    }
}
