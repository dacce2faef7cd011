package org.countersign.logic.core

import org.countersign.bindings.DamagedEnrolment
import org.countersign.bindings.Enrolling
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.MoveRow
import org.countersign.bindings.PollOutcome
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
