package org.countersign.app.shell

import android.app.Activity
import android.app.KeyguardManager
import kotlinx.coroutines.CoroutineScope
import org.countersign.app.port.Camera
import org.countersign.app.port.Files
import org.countersign.app.port.deviceClass
import org.countersign.app.port.phone
import org.countersign.app.screen.AccountDrawing
import org.countersign.app.screen.AccountsDrawing
import org.countersign.app.screen.DamageDrawing
import org.countersign.app.screen.FirstRunDrawing
import org.countersign.app.screen.UnlockDrawing
import org.countersign.app.widget.NamesOnDisk
import org.countersign.bindings.Countersign
import org.countersign.logic.Keep
import org.countersign.logic.Now
import org.countersign.logic.Outside
import org.countersign.logic.accounts.AccountEvent
import org.countersign.logic.accounts.AccountLogic
import org.countersign.logic.accounts.AccountsEvent
import org.countersign.logic.accounts.AccountsLogic
import org.countersign.logic.bell.BellCalls
import org.countersign.logic.core.Core
import org.countersign.logic.route.Go
import org.countersign.logic.route.Place
import org.countersign.logic.route.Route
import org.countersign.logic.unlock.DamageLogic
import org.countersign.logic.unlock.FirstRunEvent
import org.countersign.logic.unlock.FirstRunLogic
import org.countersign.logic.unlock.Opening
import org.countersign.logic.unlock.UnlockEvent
import org.countersign.logic.unlock.UnlockLogic
import org.countersign.logic.unlock.Waiting
import org.countersign.logic.unlock.aside

/** Makes the screen of each place. */
class Screens(
    private val context: Activity,
    private val scope: CoroutineScope,
    core: Countersign,
    private val keep: Keep,
    private val bells: BellCalls,
    private val now: Now,
    files: Files,
    arrivals: Arrivals,
    camera: Camera,
    private val outside: Outside,
) {
    private val bound = Core(core, keep, deviceClass(context), phone(context.version()))
    private val accounts = bound.accounts
    private val approvals = bound.approvals
    private val gateways = bound.gateways
    private val vault = bound.vault
    private val opening = Opening()

    /** Where accounts and gateways come from. */
    internal val codes = CodeScreens(context, scope, bound, bells, now, files, arrivals, camera, outside)
    private val others: List<(Route) -> Shown<*, *>?> =
        listOf(
            codes::of,
            SettingsScreens(context, scope, vault, keep, opening, accounts, NamesOnDisk(context), now, outside)::of,
            GatewayScreens(context, scope, gateways, approvals, bells, now, outside)::of,
            TokenScreens(context, scope, bound.tokens, bound.ledger, keep, now, files, outside)::of,
        )

    /** The screen of [place]; none where this version has none. */
    fun of(place: Place): Shown<*, *>? = when (place) {
        Place.FirstRun -> firstRun()
        Place.Unlock -> unlock()
        is Place.At -> at(place.route)
    }

    /** Sign-ins that wait while [place], which doesn't tell of them, is shown. */
    fun aside(place: Place): Waiting? = aside(place, approvals)

    /** The vault was opened. */
    suspend fun remind() = opening.remind(vault)

    private fun at(route: Route): Shown<*, *>? = when (route) {
        Route.Accounts -> accounts()
        is Route.Account -> account(route.account)
        Route.Damage -> Shown(scope, outside, DamageLogic(vault), null, null) { DamageDrawing(context, it) }
        else -> others.firstNotNullOfOrNull { it(route) }
    }

    private fun firstRun() =
        Shown(scope, outside, FirstRunLogic(vault, ::hasScreenLock), tick = null, FirstRunEvent.Returned) { send ->
            FirstRunDrawing(context, send)
        }

    private fun unlock() = Shown(
        scope,
        outside,
        UnlockLogic(vault, approvals, keep, opening),
        tick = null,
        UnlockEvent.Changed,
        UnlockEvent.Returned,
    ) { send ->
        UnlockDrawing(context, send)
    }

    private fun accounts() = Shown(
        scope,
        outside,
        AccountsLogic(accounts, vault, approvals, gateways, keep, bells, now),
        AccountsEvent.Tick,
        AccountsEvent.Changed,
    ) { send ->
        AccountsDrawing(context, { at, canUndo -> context.accountsMenu(at, canUndo, outside::go, send) }, send)
    }

    private fun account(id: ULong) =
        Shown(scope, outside, AccountLogic(id, accounts, keep, now), AccountEvent.Tick, AccountEvent.Changed) { send ->
            AccountDrawing(context, onBack = { outside.go(Go.Back) }, send)
        }

    private fun hasScreenLock() = context.getSystemService(KeyguardManager::class.java).isDeviceSecure
}
