package org.countersign.logic.support

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.CountersignException
import org.countersign.bindings.DamagedEnrolment
import org.countersign.bindings.Enrolling
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.MoveRow
import org.countersign.bindings.PollOutcome
import org.countersign.logic.Secret
import org.countersign.logic.core.GatewayCalls

/** Enrolments in memory. */
class FakeGateways(var rows: List<GatewayRow> = emptyList()) : GatewayCalls {
    val asked = mutableListOf<String>()
    var damaged = emptyList<DamagedEnrolment>()
    var fails: CountersignException? = null
    var leaveFails: CountersignException? = null
    var move: MoveRow? = null

    /** What a call of a move waits for; none for at once. */
    var waits: CompletableDeferred<Unit>? = null

    private fun tried(words: String) {
        asked += words
        fails?.let { throw it }
    }

    override fun gateways() = rows

    override fun damagedEnrolments() = damaged

    override suspend fun enrolName(link: Secret): String {
        tried("name")
        return "Example"
    }

    override suspend fun enrol(link: Secret): Enrolling {
        tried("enrol")
        return Enrolling("gate", "Example", "gate.example.com", "mara@example.com", "492039", NOW + 300u)
    }

    override suspend fun poll(gateway: String, waitS: ULong): PollOutcome {
        tried("poll $gateway")
        return PollOutcome(news = false, nextInMs = 1000u, fault = null)
    }

    override suspend fun leave(gateway: String) {
        leaveFails?.let { throw it }
        tried("leave $gateway")
        rows = rows.filter { it.id != gateway }
    }

    override suspend fun forget(gateway: String) {
        tried("forget $gateway")
        rows = rows.filter { it.id != gateway }
        damaged = damaged.filter { it.id != gateway }
    }

    override suspend fun invite(gateway: String, replace: Boolean): MoveRow {
        tried("invite $gateway $replace")
        waits?.await()
        val link = "countersign:x".toByteArray()
        val made = MoveRow(gateway, "Example", "gate.example.com", link, NOW + 600u, replace, null, confirmed = false)
        move = made
        return made
    }

    override suspend fun moving(gateway: String): MoveRow? {
        tried("moving $gateway")
        waits?.await()
        return move
    }

    override suspend fun confirm(gateway: String, digits: String) {
        tried("confirm $gateway $digits")
        waits?.await()
        move = move?.copy(confirmed = true)
    }
}
