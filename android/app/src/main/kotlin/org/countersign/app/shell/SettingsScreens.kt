package org.countersign.app.shell

import android.content.Context
import kotlinx.coroutines.CoroutineScope
import org.countersign.app.R
import org.countersign.app.screen.AboutDrawing
import org.countersign.app.screen.HelpDrawing
import org.countersign.app.screen.SettingsDrawing
import org.countersign.app.screen.WidgetDrawing
import org.countersign.logic.Keep
import org.countersign.logic.Logic
import org.countersign.logic.Now
import org.countersign.logic.Outside
import org.countersign.logic.Screen
import org.countersign.logic.Step
import org.countersign.logic.core.AccountCalls
import org.countersign.logic.core.VaultCalls
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.settings.Licence
import org.countersign.logic.settings.SettingsLogic
import org.countersign.logic.settings.about
import org.countersign.logic.settings.help
import org.countersign.logic.unlock.Opening
import org.countersign.logic.widget.WidgetEvent
import org.countersign.logic.widget.WidgetLogic
import org.countersign.logic.widget.WidgetNames

/** Settings, help, and what this is made of. */
internal class SettingsScreens(
    private val context: Context,
    private val scope: CoroutineScope,
    private val vault: VaultCalls,
    private val keep: Keep,
    private val opening: Opening,
    private val accounts: AccountCalls,
    private val names: WidgetNames,
    private val now: Now,
    private val outside: Outside,
) {
    fun of(route: Route): Shown<*, *>? = when (route) {
        Route.Settings(SettingsTab.WIDGETS) ->
            Shown(scope, outside, WidgetLogic(accounts, names, now), null, WidgetEvent.Changed) { send ->
                WidgetDrawing(context, ::back, send)
            }

        is Route.Settings ->
            Shown(
                scope,
                outside,
                SettingsLogic(route.page, vault, keep, opening),
                tick = null,
                changed = null,
            ) { send ->
                SettingsDrawing(context, route.page, ::back, send)
            }

        Route.Help -> Shown(scope, outside, Still(help()), tick = null, changed = null) {
            HelpDrawing(context, ::back)
        }

        Route.About ->
            Shown(
                scope,
                outside,
                Still(about(context.version(), context.licences())),
                tick = null,
                changed = null,
            ) {
                AboutDrawing(context, ::back)
            }

        else -> null
    }

    private fun back() = outside.go(Go.Back)
}

/** A page on which nothing happens. */
private class Still<S : Screen>(private val state: S) : Logic<S, Unit> {
    override fun begin(): Step<S, Unit> = Step(state)

    override fun on(state: S, event: Unit): Step<S, Unit> = Step(state)
}

internal fun Context.version(): String = packageManager.getPackageInfo(packageName, 0).versionName.orEmpty()

/** What other makers' parts are in it: a part and its licence a line. */
internal fun Context.licences(): List<Licence> =
    resources.openRawResource(R.raw.licences).bufferedReader().useLines { lines ->
        lines.map { it.split('\t') }.filter { it.size == 2 }.map { (part, name) -> Licence(part, name) }.toList()
    }
