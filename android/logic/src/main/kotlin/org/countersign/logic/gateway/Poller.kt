package org.countersign.logic.gateway

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.countersign.bindings.CountersignException
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.PortFault
import org.countersign.logic.core.GatewayCalls
import org.countersign.logic.fault.asking

/** How long to wait before a gateway is asked again, in milliseconds; none: it is not asked any more. */
fun pauseAfter(outcome: PollOutcome?, failures: Int): Long? {
    if (outcome != null) return outcome.nextInMs?.toLong()
    val doubled = FIRST_MS shl (failures - 1).coerceIn(0, DOUBLINGS)
    return doubled.coerceAtMost(LONGEST_MS)
}

/** While another asks it, or this phone joins it, that goes first, however long it takes. */
internal fun whileBusy(fault: PortFault): PollOutcome? =
    PollOutcome(news = false, nextInMs = FIRST_MS.toULong(), fault = null).takeIf { fault == PortFault.BUSY }

private const val FIRST_MS = 2_000L
private const val LONGEST_MS = 300_000L
private const val DOUBLINGS = 10

/**
 * Asks each gateway for what is new while the app is in front, each at its own pace. What comes is told by the core's
 * observer; a gateway that cannot be reached is asked less and less often, and holds up no other.
 */
class Poller(private val gateways: GatewayCalls, private val scope: CoroutineScope) {
    private val running = mutableMapOf<String, Job>()

    /** Asks those that are there now, and none that is gone. Called again when enrolments changed. */
    fun follow() {
        val there = gateways.gateways().map { it.id }
        running.keys.filter { it !in there }.forEach { running.remove(it)?.cancel() }
        there.filter { running[it]?.isActive != true }.forEach { running[it] = scope.launch { ask(it) } }
    }

    fun stop() {
        running.values.forEach(Job::cancel)
        running.clear()
    }

    private suspend fun ask(gateway: String) {
        var failures = 0
        while (true) {
            val outcome = asking<PollOutcome?>({ null }) { poll(gateway) }
            failures = if (outcome == null) failures + 1 else 0
            delay(pauseAfter(outcome, failures) ?: return)
        }
    }

    private suspend fun poll(gateway: String): PollOutcome = try {
        gateways.poll(gateway, WAIT_S)
    } catch (fault: CountersignException.Port) {
        whileBusy(fault.fault) ?: throw fault
    }

    private companion object {
        const val WAIT_S = 25UL
    }
}
