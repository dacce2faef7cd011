package org.countersign.app.bell

import android.Manifest
import android.app.ActivityManager
import android.os.Build
import android.os.PowerManager
import android.util.Base64
import java.security.SecureRandom
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import org.countersign.app.CountersignApp
import org.countersign.bindings.Topic
import org.countersign.logic.bell.BellCalls
import org.countersign.logic.bell.BellFacts
import org.countersign.logic.bell.BellShell
import org.countersign.logic.bell.Errand
import org.countersign.logic.bell.Heard
import org.countersign.logic.bell.Ring
import org.countersign.logic.bell.Ringer
import org.countersign.logic.bell.Subscription
import org.countersign.logic.bell.Work
import org.countersign.logic.bell.by
import org.countersign.logic.bell.chosen
import org.countersign.logic.bell.on
import org.countersign.logic.bell.wantBells
import org.countersign.logic.core.BellGate
import org.countersign.logic.fault.asking

private const val TOKEN_BYTES = 32

/** A broadcast is given ten seconds. */
private const val HEARING_MS = 8_000L

/** Bells on this phone: who delivers, what is done when one rings, and what the person sees of it. */
class Bells(private val app: CountersignApp, private val scope: CoroutineScope, private val gate: BellGate) :
    BellShell,
    BellCalls {
    private val store = BellStore(app)
    private val distributors = Distributors(app)
    private val notes = Notes(app, app.now)
    private val jobs = Jobs(app)
    private val ringer = Ringer(gate, this, app.now)
    private val works = mutableListOf<Deferred<Boolean>>()

    /** A distributor said something. A stranger knows no token. */
    internal fun hear(token: String?, heard: Heard, id: String?, pending: Pending) {
        val subscription = store.subscriptions.by(token)
        val work = subscription?.takeIf { store.isOn }?.let { take(it, heard, id) }
        if (work == null) pending.done() else begin(work, pending)
    }

    private fun take(from: Subscription, heard: Heard, id: String?): Work {
        store.change { kept -> kept.map { if (it.token == from.token) it.on(heard, app.now()) else it } }
        if (!id.isNullOrEmpty() && id.length <= MOST_ID) distributors.acknowledge(from, id)
        app.changes.changed(Topic.GATEWAYS)
        return when (heard) {
            is Heard.Endpoint -> Work.Tell(from.gateway, heard.endpoint)
            is Heard.Rang -> Work.Ring(from.gateway, heard.body)
            is Heard.Failed, Heard.Unregistered, Heard.Away -> Work.Tend
        }
    }

    /** The no of a notification: it is gone at once, and kept by the core until the gateway has it. */
    internal fun deny(approval: String, pending: Pending) {
        notes.takeAway(approval)
        begin(Work.Deny(approval), pending)
    }

    /** Begins it at once; a job keeps the process until it is done. */
    private fun begin(work: Work, pending: Pending) {
        val begun = scope.async { done(work) }
        synchronized(works) { works += begun }
        jobs.finish()
        scope.launch {
            withTimeoutOrNull(HEARING_MS) { begun.join() }
            pending.done()
        }
        begun.invokeOnCompletion { synchronized(works) { works -= begun } }
    }

    private suspend fun done(work: Work): Boolean = asking({ false }) { ringer.does(work) }

    /** Waits for what is under way. Of a process that died nothing is: then every gateway is asked. */
    internal fun finish(ends: (Boolean) -> Unit): Job = scope.launch {
        val begun = synchronized(works) { works.toList() }
        ends(if (begun.isEmpty()) looked() else begun.awaitAll().all { it })
    }

    internal fun look(ends: (Boolean) -> Unit): Job = scope.launch { ends(looked()) }

    private suspend fun looked(): Boolean {
        lookNowAndThen()
        return !store.isOn || done(Work.Look)
    }

    /** Something changed in the core. */
    internal fun changed(topic: Topic) {
        when (topic) {
            Topic.APPROVALS -> scope.launch { asking({ }) { ringer.show() } }
            Topic.GATEWAYS -> tend()
            else -> Unit
        }
    }

    /** Subscribes what is new, and ends what is gone. */
    internal fun tend() {
        scope.launch {
            lookNowAndThen()
            done(Work.Tend)
        }
    }

    private suspend fun lookNowAndThen() =
        asking({ }) { jobs.lookNowAndThen(store.isOn && gate.gateways().wantBells()) }

    /** The person went elsewhere: what still asks is shown there. */
    internal fun left() = changed(Topic.APPROVALS)

    /** The phone asked the person whether this app may notify. */
    internal fun asked() {
        store.wasAsked = true
    }

    override fun facts(): BellFacts {
        val (there, kept) = distributors.installed() to store.subscriptions
        val gateways = gate.gateways()
        val power = app.getSystemService(PowerManager::class.java)
        return BellFacts(
            isWanted = gateways.wantBells(),
            isOn = store.isOn,
            mayNotify = notes.mayNotify,
            canAsk = canAsk(),
            isChannelOn = notes.isChannelOn,
            distributors = there,
            chosen = chosen(there, store.liked, kept),
            subscriptions = kept,
            hosts = gateways.associate { it.id to it.host },
            isRestricted = app.getSystemService(ActivityManager::class.java).isBackgroundRestricted,
            isSaving = power.isPowerSaveMode && !power.isIgnoringBatteryOptimizations(app.packageName),
        )
    }

    /** The phone shows its question to whoever was never asked, and once more to whoever said no. */
    private fun canAsk(): Boolean {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU || notes.mayNotify) return false
        val mayAgain = app.front.activity?.shouldShowRequestPermissionRationale(Manifest.permission.POST_NOTIFICATIONS)
        return !store.wasAsked || mayAgain == true
    }

    override fun switch(on: Boolean) {
        store.isOn = on
        if (!on) notes.takeAllAway()
        tend()
    }

    override fun choose(distributor: String) {
        store.liked = distributor
        tend()
    }

    override fun change(how: (List<Subscription>) -> List<Subscription>) = store.change(how)

    override fun distributor(): String? =
        if (store.isOn) chosen(distributors.installed(), store.liked, store.subscriptions) else null

    override fun token(): String {
        val bytes = ByteArray(TOKEN_BYTES).also(SecureRandom()::nextBytes)
        return Base64.encodeToString(bytes, Base64.URL_SAFE or Base64.NO_PADDING or Base64.NO_WRAP)
    }

    override fun send(errand: Errand) = when (errand) {
        is Errand.Register -> distributors.register(errand.subscription)
        is Errand.Unregister -> distributors.unregister(errand.distributor, errand.token)
        is Errand.EndBells -> Unit
    }

    override fun show(rings: List<Ring>) {
        if (store.isOn) notes.show(rings, isInFront = app.front.activity != null)
    }

    override fun sayWaiting() {
        if (store.isOn && app.front.activity == null) notes.sayWaiting()
    }

    private companion object {
        const val MOST_ID = 100
    }
}
