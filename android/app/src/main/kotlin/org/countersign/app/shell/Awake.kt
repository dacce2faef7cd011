package org.countersign.app.shell

import android.os.SystemClock
import android.view.Window
import android.view.WindowManager

/** Longer than it takes to copy a sheet by hand. */
private const val MOST_MS = 600_000L

/**
 * Keeps the phone from going dark, and the vault from locking for want of a touch, while a screen wants it: for ten minutes at
 * most after the last touch.
 */
internal class Awake(private val window: Window, private val onStay: () -> Unit) {
    private var isWanted = false
    private var until = 0L
    private val isDue get() = isWanted && SystemClock.elapsedRealtime() < until

    /** What the screen that is drawn wants. */
    fun follow(isWanted: Boolean) {
        if (isWanted == this.isWanted) return
        this.isWanted = isWanted
        touch()
    }

    fun touch() {
        until = SystemClock.elapsedRealtime() + MOST_MS
        show()
    }

    /** A second went by. */
    fun tick() {
        if (isDue) onStay() else show()
    }

    private fun show() {
        val flag = WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
        if (isDue) window.addFlags(flag) else window.clearFlags(flag)
    }
}
