package org.countersign.logic.core

import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.Bell
import org.countersign.bindings.Countersign
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.PushEndpoint
import org.countersign.bindings.Verdict
import org.countersign.bindings.cancelling

/** What is asked of the core when nobody looks: a bell rang, or it is time. None of it needs an open vault. */
interface BellGate {
    fun gateways(): List<GatewayRow>

    fun approvals(): List<ApprovalRow>

    suspend fun pushEndpoint(gateway: String): PushEndpoint

    /** Has bells go there from now on; none ends them. Waits for the gateway. */
    suspend fun setEndpoint(gateway: String, endpoint: String?)

    /** What the body of a bell means. Nothing is sent. */
    suspend fun bell(body: ByteArray): Bell

    /** At most once in five seconds; earlier it says when. */
    suspend fun pollForBell(gateway: String): PollOutcome

    suspend fun poll(gateway: String): PollOutcome

    suspend fun deny(approval: String): Verdict
}

/** The same, asked of the core. It opens when the first of it is. */
class BoundBells(private val open: () -> Countersign) : BellGate {
    override fun gateways() = open().gateways()

    override fun approvals() = open().approvals()

    override suspend fun pushEndpoint(gateway: String) = open().pushEndpoint(gateway)

    override suspend fun setEndpoint(gateway: String, endpoint: String?) =
        cancelling { open().setEndpoint(gateway, endpoint, it) }

    override suspend fun bell(body: ByteArray) = open().bell(body)

    override suspend fun pollForBell(gateway: String) = cancelling { open().pollForBell(gateway, it) }

    override suspend fun poll(gateway: String) = cancelling { open().poll(gateway, 0UL, it) }

    override suspend fun deny(approval: String) = cancelling { open().deny(approval, it) }
}
