package org.countersign.logic.core

import org.countersign.bindings.Countersign
import org.countersign.bindings.DamagedEnrolment
import org.countersign.bindings.Enrolling
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.MoveRow
import org.countersign.bindings.Phone
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.cancelling
import org.countersign.logic.Secret

/** What screens ask of the core about enrolments. */
interface GatewayCalls {
    fun gateways(): List<GatewayRow>

    fun damagedEnrolments(): List<DamagedEnrolment>

    /** The gateway's name, proven by the link. */
    suspend fun enrolName(link: Secret): String

    /** Enrols, after the person agreed to the link's host. */
    suspend fun enrol(link: Secret): Enrolling

    /** Asks a gateway for what is new, waiting there [waitS] seconds at most. */
    suspend fun poll(gateway: String, waitS: ULong): PollOutcome

    /** The gateway removes this phone, and then it is forgotten. */
    suspend fun leave(gateway: String)

    /** Removes an enrolment from this phone alone. */
    suspend fun forget(gateway: String)

    suspend fun invite(gateway: String, replace: Boolean): MoveRow

    suspend fun moving(gateway: String): MoveRow?

    suspend fun confirm(gateway: String, digits: String)
}

/** The same, asked of the core. The gateway is told of [phone] what a person reads there. */
class BoundGateways(private val core: Countersign, private val phone: Phone) : GatewayCalls {
    override fun gateways() = core.gateways()

    override fun damagedEnrolments() = core.damagedEnrolments()

    override suspend fun enrolName(link: Secret) = cancelling { core.enrolName(link.expose(), it) }

    override suspend fun enrol(link: Secret) = cancelling { core.enrol(link.expose(), phone, it) }

    override suspend fun poll(gateway: String, waitS: ULong) = cancelling { core.poll(gateway, waitS, it) }

    override suspend fun leave(gateway: String) = cancelling { core.leave(gateway, it) }

    override suspend fun forget(gateway: String) = core.forget(gateway)

    override suspend fun invite(gateway: String, replace: Boolean) = cancelling { core.invite(gateway, replace, it) }

    override suspend fun moving(gateway: String) = core.moving(gateway)

    override suspend fun confirm(gateway: String, digits: String) = cancelling { core.confirm(gateway, digits, it) }
}
