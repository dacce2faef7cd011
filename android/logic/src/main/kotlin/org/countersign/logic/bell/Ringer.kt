package org.countersign.logic.bell

import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import org.countersign.bindings.Bell
import org.countersign.bindings.CountersignException
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.GatewayState
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.PortFault
import org.countersign.bindings.Told
import org.countersign.logic.Now
import org.countersign.logic.core.BellGate
import org.countersign.logic.fault.asking

/** What is done while nobody looks. */
sealed interface Work {
    /** A bell of this enrolment rang. */
    class Ring(val gateway: String, val body: ByteArray) : Work

    /** Its bells go to another place now. It prints nothing: whoever knows the place can ring. */
    class Tell(val gateway: String, val endpoint: String) : Work

    /** The person said no in the notification. */
    data class Deny(val approval: String) : Work

    /** It is time: every gateway is asked once. */
    data object Look : Work

    /** Enrolments, distributors or wishes changed. */
    data object Tend : Work
}

/** The platform's side of bells. */
interface BellShell {
    /** What is subscribed. It is changed by one at a time: see [change]. */
    fun change(how: (List<Subscription>) -> List<Subscription>): List<Subscription>

    /** Who delivers; none where nobody does, or the person wants no bells. */
    fun distributor(): String?

    /** A token that nobody can guess. */
    fun token(): String

    fun send(errand: Errand)

    /** Shows these, and takes away all others. */
    fun show(rings: List<Ring>)

    /** Says that a sign-in may be waiting, and nothing else. */
    fun sayWaiting()
}

/** Does what is to be done when a bell rings, or it is time. A locked vault never stops it. */
class Ringer(private val gate: BellGate, private val shell: BellShell, private val now: Now) {
    private val tending = Mutex()

    /** Whether it is done; else it is to be tried again later. */
    suspend fun does(work: Work): Boolean = when (work) {
        is Work.Ring -> ring(work)
        is Work.Tell -> tell(work)
        is Work.Deny -> deny(work.approval)
        Work.Look -> look()
        Work.Tend -> tended { tend() }
    }

    fun show() = shell.show(rings(gate.approvals(), now()))

    private suspend fun ring(work: Work.Ring): Boolean {
        val bell = tried(null) { gate.bell(work.body) }
        show()
        val gateway = (bell as? Bell.Poll)?.gateway ?: work.gateway
        val isAnswered = polled { rung(gateway) }
        show()
        // Nothing is known of it, and nobody can be asked: that much is said.
        if (!isAnswered && bell !is Bell.Asks) shell.sayWaiting()
        return isAnswered
    }

    /** Bells that ring in a row are one poll more, once the five seconds are over. */
    private suspend fun rung(gateway: String): PollOutcome {
        val first = gate.pollForBell(gateway)
        val pause = first.nextInMs?.toLong() ?: return first
        if (first.news || first.fault != null || pause !in 1..BELL_PAUSE_MS) return first
        delay(pause)
        return gate.pollForBell(gateway)
    }

    private suspend fun look(): Boolean = coroutineScope {
        tended { tend() }
        val there = gate.gateways().filter { wantsPoll(it.state) }
        val all = there.map { async { polled { gate.poll(it.id) } } }.awaitAll()
        show()
        all.all { it }
    }

    private suspend fun deny(approval: String): Boolean {
        val isOpen = rings(gate.approvals(), now()).any { it.approval == approval && it.canDeny }
        val isDone = !isOpen || tried(false) { gate.deny(approval).let { true } }
        show()
        return isDone
    }

    /** An endpoint that the core has already is not told twice. */
    private suspend fun tell(work: Work.Tell): Boolean = tended {
        tried(Unit) {
            val had = gate.pushEndpoint(work.gateway)
            val isKnown = had.endpoint == work.endpoint && !had.subscribeAnew && had.told != Told.REFUSED
            if (!isKnown) gate.setEndpoint(work.gateway, work.endpoint)
        }
        val has = tried(null) { gate.pushEndpoint(work.gateway) }
        val stands =
            when {
                has == null || has.endpoint != work.endpoint || has.told == Told.REFUSED -> Stands.REFUSED
                else -> Stands.SET
            }
        shell.change { kept -> kept.map { if (it.gateway == work.gateway) it.copy(stands = stands) else it } }
    }

    private suspend fun tend() {
        val distributor = shell.distributor()
        val wanted = gate.gateways().filter { wantsBells(it.state) }.mapNotNull { row ->
            tried(null) { Wanted(row.id, gate.pushEndpoint(row.id)) }
        }
        var errands = emptyList<Errand>()
        shell.change { kept ->
            val plan = plan(wanted, kept, distributor, now(), shell::token)
            errands = plan.errands
            plan.kept
        }
        for (errand in errands) {
            if (errand is Errand.EndBells) {
                tried(Unit) {
                    gate.setEndpoint(errand.gateway, null)
                }
            } else {
                shell.send(errand)
            }
        }
    }

    private suspend fun tended(call: suspend () -> Unit): Boolean = tending.withLock {
        call()
        true
    }

    /** Whether the gateway answered. One that is being asked already answers there. */
    private suspend fun polled(call: suspend () -> PollOutcome): Boolean = try {
        call().fault == null
    } catch (fault: CountersignException) {
        (fault as? CountersignException.Port)?.fault == PortFault.BUSY
    }

    private suspend fun <T> tried(otherwise: T, call: suspend () -> T): T = asking({ otherwise }, call)

    private companion object {
        const val BELL_PAUSE_MS = 5_000L
    }
}

/** Whether an enrolment is rung. */
fun wantsBells(state: GatewayState): Boolean = state is GatewayState.Active || state is GatewayState.Suspended

private fun wantsPoll(state: GatewayState) = wantsBells(state) || state is GatewayState.Pending

/** Whether some enrolment wants bells. */
fun List<GatewayRow>.wantBells(): Boolean = any { wantsBells(it.state) }
