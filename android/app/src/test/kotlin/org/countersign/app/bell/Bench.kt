package org.countersign.app.bell

import android.app.Application
import android.content.ComponentName
import android.content.Intent
import android.content.IntentFilter
import android.content.pm.ActivityInfo
import android.content.pm.ApplicationInfo
import org.countersign.app.CountersignApp
import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.ApprovalState
import org.countersign.bindings.Bell
import org.countersign.bindings.ContextRow
import org.countersign.bindings.CountersignException
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.GatewayState
import org.countersign.bindings.Op
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.PortFault
import org.countersign.bindings.PushEndpoint
import org.countersign.bindings.Src
import org.countersign.bindings.Status
import org.countersign.bindings.Told
import org.countersign.bindings.Verdict
import org.countersign.logic.bell.UnifiedPush
import org.countersign.logic.core.BellGate
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

internal const val NTFY = "io.heckel.ntfy"
internal const val ENDPOINT = "https://ntfy.example.com/upABC"
internal const val VAPID = "BOVFkhI0nMgrG4r1D-fYlTRIzZxKmZlWB3q1yzLcM8Wcx"

internal val app get() = RuntimeEnvironment.getApplication() as CountersignApp

/** An app that delivers bells is on the phone. */
internal fun install(distributor: String, name: String) {
    val packages = shadowOf((app as Application).packageManager)
    val receiver = ComponentName(distributor, "$distributor.Receiver")
    val there = ApplicationInfo().apply {
        packageName = distributor
        nonLocalizedLabel = name
    }
    packages.installPackage(
        android.content.pm.PackageInfo().apply {
            packageName = distributor
            applicationInfo = there
        },
    )
    packages.addOrUpdateReceiver(
        ActivityInfo().apply {
            packageName = distributor
            this.name = receiver.className
            applicationInfo = there
        },
    )
    packages.addIntentFilterForReceiver(receiver, IntentFilter(UnifiedPush.REGISTER))
}

/** What was sent to distributors since the beginning, with this action. */
internal fun sent(action: String): List<Intent> =
    shadowOf(app as Application).broadcastIntents.filter { it.action == action }

/** A distributor, or a stranger, says something. */
internal fun say(action: String, token: String?, more: Intent.() -> Unit = {}) =
    BellReceiver().onReceive(app, Intent(action).putExtra(UnifiedPush.TOKEN, token).apply(more))

/** A core with one enrolment, which answers as a test wants. */
internal class FakeCore : BellGate {
    @Volatile
    var asking = emptyList<ApprovalRow>()

    @Volatile
    var brings = emptyList<ApprovalRow>()

    @Volatile
    var isCutOff = false

    @Volatile
    var enrolled = listOf("gate")
    val asked: MutableList<String> = java.util.Collections.synchronizedList(mutableListOf())

    @Volatile
    var push = PushEndpoint(null, Told.WAITING, VAPID, subscribeAnew = false)

    override fun gateways() = enrolled.map {
        GatewayRow(it, "Example", "gate.example.com", "mara", GatewayState.Active, 0UL, 0L, null, false)
    }

    override fun approvals() = asking

    override suspend fun pushEndpoint(gateway: String) = push

    override suspend fun setEndpoint(gateway: String, endpoint: String?) {
        asked += "set $gateway $endpoint"
        push = PushEndpoint(endpoint, Told.TOLD, VAPID, subscribeAnew = false)
    }

    override suspend fun bell(body: ByteArray): Bell = Bell.Poll("gate")

    override suspend fun pollForBell(gateway: String) = polled("bell $gateway")

    override suspend fun poll(gateway: String) = polled("poll $gateway")

    private fun polled(words: String): PollOutcome {
        asked += words
        if (isCutOff) throw CountersignException.Port(PortFault.NETWORK)
        asking = brings
        return PollOutcome(news = true, nextInMs = 0UL, fault = null)
    }

    override suspend fun deny(approval: String): Verdict {
        asked += "deny $approval"
        asking = emptyList()
        return Verdict(Status.DENIED, null)
    }
}

internal fun approval(id: String = "gate.one", left: ULong = 90UL) = ApprovalRow(
    id = id,
    op = Op.LOGIN,
    msg = null,
    app = "Payroll",
    ico = null,
    host = "gate.example.com",
    gateway = "Example",
    acct = "mara@example.com",
    acctDiffers = false,
    context = ContextRow(Src.DIRECT, "192.0.2.7", "DE", "Köln", "Example Net", "Firefox on Linux", emptyList()),
    digits = 2u,
    asked = app.now(),
    expires = app.now() + left,
    state = ApprovalState.Open(left = null),
    canApprove = true,
    canDeny = true,
    canReport = true,
    stale = null,
)
