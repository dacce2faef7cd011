package org.countersign.logic.support

import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.ApprovalState
import org.countersign.bindings.Bell
import org.countersign.bindings.ClosedStatus
import org.countersign.bindings.CountersignException
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.PortFault
import org.countersign.bindings.PushEndpoint
import org.countersign.bindings.Status
import org.countersign.bindings.Told
import org.countersign.bindings.Verdict
import org.countersign.logic.bell.BellCalls
import org.countersign.logic.bell.BellFacts
import org.countersign.logic.bell.BellShell
import org.countersign.logic.bell.Distributor
import org.countersign.logic.bell.Errand
import org.countersign.logic.bell.Ring
import org.countersign.logic.bell.Subscription
import org.countersign.logic.core.BellGate

val NTFY = Distributor("io.ntfy", "ntfy")

/** A phone on which all is well. */
val WELL =
    BellFacts(
        isWanted = true,
        isOn = true,
        mayNotify = true,
        canAsk = false,
        isChannelOn = true,
        distributors = listOf(NTFY),
        chosen = NTFY.id,
        subscriptions = emptyList(),
        hosts = mapOf("gate" to "gate.example.com"),
        isRestricted = false,
        isSaving = false,
    )

class FakeBells(var facts: BellFacts = WELL) : BellCalls {
    override fun facts() = facts

    override fun switch(on: Boolean) {
        facts = facts.copy(isOn = on)
    }

    override fun choose(distributor: String) {
        facts = facts.copy(chosen = distributor)
    }
}

/** The core in memory, as bells ask it. */
class FakeGate(var rows: List<GatewayRow> = emptyList(), var asking: List<ApprovalRow> = emptyList()) : BellGate {
    val asked = mutableListOf<String>()
    val endpoints = mutableMapOf<String, PushEndpoint>()
    var means: Bell = Bell.Waiting
    var fails: CountersignException? = null

    /** What polls for a bell bring, one after the other; the last one again and again. */
    var outcomes = listOf(PollOutcome(news = true, nextInMs = 0u, fault = null))

    private fun tried(words: String) {
        asked += words
        fails?.let { throw it }
    }

    override fun gateways() = rows

    override fun approvals() = asking

    override suspend fun pushEndpoint(gateway: String) =
        endpoints[gateway] ?: PushEndpoint(null, Told.WAITING, VAPID, subscribeAnew = false)

    override suspend fun setEndpoint(gateway: String, endpoint: String?) {
        if (endpoint != null && " " in endpoint) throw CountersignException.Port(PortFault.FAILED)
        endpoints[gateway] = PushEndpoint(endpoint, Told.TOLD, VAPID, subscribeAnew = false)
        tried("set $gateway $endpoint")
    }

    override suspend fun bell(body: ByteArray) = means

    override suspend fun pollForBell(gateway: String): PollOutcome {
        tried("bell $gateway")
        return outcomes.first().also { outcomes = outcomes.drop(1).ifEmpty { outcomes } }
    }

    override suspend fun poll(gateway: String): PollOutcome {
        tried("poll $gateway")
        return PollOutcome(news = false, nextInMs = 0u, fault = null)
    }

    override suspend fun deny(approval: String): Verdict {
        tried("deny $approval")
        asking = asking.map { if (it.id == approval) it.copy(state = DENIED) else it }
        return Verdict(Status.DENIED, null)
    }

    companion object {
        const val VAPID = "BOVFkhI"
        val DENIED = ApprovalState.Ended(ClosedStatus.DENIED)
    }
}

class FakeShell : BellShell {
    var kept = emptyList<Subscription>()
    var distributor: String? = NTFY.id
    val sent = mutableListOf<Errand>()
    var shown = emptyList<Ring>()
    var saidWaiting = 0
    private var tokens = 0

    override fun change(how: (List<Subscription>) -> List<Subscription>): List<Subscription> {
        kept = how(kept)
        return kept
    }

    override fun distributor() = distributor

    override fun token() = "token-${++tokens}"

    override fun send(errand: Errand) {
        sent += errand
    }

    override fun show(rings: List<Ring>) {
        shown = rings
    }

    override fun sayWaiting() {
        saidWaiting++
    }
}
