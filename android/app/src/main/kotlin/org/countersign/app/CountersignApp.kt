package org.countersign.app

import android.app.Application
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.os.Handler
import android.os.HandlerThread
import java.io.File
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.countersign.app.bell.Bells
import org.countersign.app.port.Camera
import org.countersign.app.port.Clipboard
import org.countersign.app.port.KeepOnDisk
import org.countersign.app.port.Keys
import org.countersign.app.port.PhoneCamera
import org.countersign.app.port.PromptAsker
import org.countersign.app.port.phone
import org.countersign.app.port.platformRoots
import org.countersign.app.shell.Arrivals
import org.countersign.app.shell.Changes
import org.countersign.app.shell.version
import org.countersign.app.widget.NamesOnDisk
import org.countersign.bindings.ClockPort
import org.countersign.bindings.Countersign
import org.countersign.bindings.CountersignException
import org.countersign.bindings.LockState
import org.countersign.logic.Keep
import org.countersign.logic.Now
import org.countersign.logic.core.BellGate
import org.countersign.logic.core.BoundAccounts
import org.countersign.logic.core.BoundBells
import org.countersign.logic.core.BoundGateways
import org.countersign.logic.core.GatewayCalls
import org.countersign.logic.widget.follow

private const val MS = 1000L

/** The process. It holds the one core, for as long as it lives. */
class CountersignApp : Application() {
    internal val front = Front()
    private val background = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val opened = lazy(::open)
    private var away: Job? = null

    /** One after the other, so that the home screen ends with what is true. */
    private val following = Dispatchers.Default.limitedParallelism(1)

    /** The core on what this phone has on disk. Opening it reads files: not on the main thread. */
    val core: Countersign by opened
    val changes by lazy { Changes() }
    val likes by lazy { KeepOnDisk(this) }
    val keep: Keep get() = likes
    val bells by lazy { Bells(this, background, gateOf { core }) }
    val clipboard by lazy { Clipboard(this) }

    /** One for the process: a camera that opens late must find somebody who closes it. A test has another. */
    var camera: Camera
        get() = cameraOfTest ?: phoneCamera
        set(value) {
            cameraOfTest = value
        }
    private var cameraOfTest: Camera? = null
    private val phoneCamera by lazy { PhoneCamera(this, Handler(HandlerThread("camera").apply { start() }.looper)) }

    /** What other apps brought, until it is looked at. */
    internal val arrivals = Arrivals()
    val now = Now { (System.currentTimeMillis() / MS).toULong() }

    override fun onCreate() {
        super.onCreate()
        registerActivityLifecycleCallbacks(front)
        changes.listen { bells.changed(it) }
        changes.listen { background.launch(following) { followNames() } }
        registerReceiver(Dark(::darken), IntentFilter(Intent.ACTION_SCREEN_OFF))
    }

    /** The home screen has the names that the vault has; none when there is no vault any more. */
    private fun followNames() {
        val names = NamesOnDisk(this)
        if (names.read().isEmpty()) return
        try {
            when (core.lockState()) {
                LockState.OPEN -> names.follow(BoundAccounts(core), now())
                LockState.NO_VAULT -> names.change { emptyList() }
                LockState.LOCKED -> Unit
            }
        } catch (_: CountersignException) {
            // It locked meanwhile: the names stay as they were.
        }
    }

    /** Another clock than the phone's: a test's. */
    var clock: ClockPort? = null

    /** Another way to gateways than the core's: a test's. */
    var gatewaysOf: (Countersign) -> GatewayCalls = { BoundGateways(it, phone(version())) }

    /** Another way to them than the core's when nobody looks: a test's. */
    var gateOf: (() -> Countersign) -> BellGate = ::BoundBells

    private fun open(): Countersign {
        val folder = { name: String -> File(filesDir, name).path }
        val keys = Keys(PromptAsker(front::activity))
        val core = Countersign.open(folder("private"), folder("shared"), platformRoots(), keys, clock)
        core.observe(changes)
        return core
    }

    /** The screen went off: the vault locks if its rule says so. */
    private fun darken() {
        if (!opened.isInitialized()) return
        background.launch { runCatching { core.screenOff() } }
    }

    /** The person left: what is written comes to rest on disk, and the vault locks if its rule says so, now or in time. */
    fun leave() {
        if (!opened.isInitialized()) return
        away?.cancel()
        away = background.launch(Dispatchers.Main) { lockInTime() }
        background.launch {
            runCatching { core.checkpoint() }
            runCatching { core.left() }
            bells.left()
        }
    }

    /** A vault does not stay open for whoever never comes back. */
    private suspend fun lockInTime() {
        try {
            while (true) {
                val left = core.lockDue() ?: return
                delay(left.coerceIn(MS.toULong(), MOST_MS).toLong())
                core.lockIfDue()
            }
        } catch (_: CountersignException) {
            // It cannot be read now; whoever comes back is asked before anything is shown.
        }
    }

    private companion object {
        const val MOST_MS = 3_600_000UL
    }
}

/** Hears that the screen goes off. Only the system can say so. */
private class Dark(private val onDark: () -> Unit) : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) = onDark()
}
