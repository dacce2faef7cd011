package org.countersign.testkit

import android.os.Looper
import java.util.concurrent.TimeUnit
import org.robolectric.Shadows.shadowOf

private const val PATIENCE_NS = 20_000_000_000
private const val PAUSE_MS = 2L

/** Lets the main looper run, and its time pass, until other threads have brought [what] is waited for. */
fun await(what: String, isThere: () -> Boolean) {
    val end = System.nanoTime() + PATIENCE_NS
    while (!isThere()) {
        check(System.nanoTime() < end) { "still waiting for $what" }
        shadowOf(Looper.getMainLooper()).idleFor(PAUSE_MS, TimeUnit.MILLISECONDS)
        Thread.sleep(PAUSE_MS)
    }
}
