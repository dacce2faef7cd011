package org.countersign.app.calls

import android.os.Build
import org.countersign.bindings.Countersign
import org.countersign.bindings.Os
import org.countersign.bindings.Phone
import org.countersign.bindings.cancelling
import org.countersign.logic.Secret
import org.countersign.logic.core.GatewayCalls

private const val MODEL_LENGTH = 64

/** What screens ask about enrolments, asked of the core. */
class CoreGateways(private val core: Countersign, private val version: String) : GatewayCalls {
    override fun gateways() = core.gateways()

    override fun damagedEnrolments() = core.damagedEnrolments()

    override suspend fun enrolName(link: Secret) = cancelling { core.enrolName(link.expose(), it) }

    override suspend fun enrol(link: Secret) = cancelling { core.enrol(link.expose(), phone(version), it) }

    override suspend fun poll(gateway: String, waitS: ULong) = cancelling { core.poll(gateway, waitS, it) }

    override suspend fun leave(gateway: String) = cancelling { core.leave(gateway, it) }

    override suspend fun forget(gateway: String) = core.forget(gateway)

    override suspend fun invite(gateway: String, replace: Boolean) = cancelling { core.invite(gateway, replace, it) }

    override suspend fun moving(gateway: String) = core.moving(gateway)

    override suspend fun confirm(gateway: String, digits: String) = cancelling { core.confirm(gateway, digits, it) }
}

/** This phone, as it tells of itself. */
internal fun phone(version: String) =
    Phone(Os.ANDROID, "${Build.MANUFACTURER} ${Build.MODEL}".take(MODEL_LENGTH), "Countersign $version")
