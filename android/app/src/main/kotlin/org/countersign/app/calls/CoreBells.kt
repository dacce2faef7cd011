package org.countersign.app.calls

import org.countersign.bindings.Countersign
import org.countersign.bindings.cancelling
import org.countersign.logic.core.BellGate

/** What is asked when nobody looks, asked of the core. It opens when the first of it is. */
class CoreBells(private val open: () -> Countersign) : BellGate {
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
