package org.countersign.app.shell

import android.content.Intent
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.Routes
import org.countersign.logic.route.SettingsTab

internal const val SCAN = "org.countersign.app.SCAN"
internal const val CHOOSE_NAMES = "org.countersign.app.CHOOSE_NAMES"
private const val ACCOUNT = "org.countersign.app.ACCOUNT"
private const val ID = "account"
private const val HISTORY = "org.countersign.app.HISTORY"

/** To an account, from the home screen. */
internal fun toAccount(id: ULong): Intent = Intent(ACCOUNT).putExtra(ID, id.toLong())

/**
 * Further to where a shortcut (`res/xml/shortcuts.xml`), the widget or the tile leads. Any app may ask for it: it is a place, and brings
 * nothing along.
 */
internal fun Routes.ledBy(intent: Intent): Routes = placeOf(intent)?.let { on(Go.To(it)) } ?: this

private fun placeOf(intent: Intent): Route? = when (intent.action) {
    SCAN -> Route.Scan
    HISTORY -> Route.History
    CHOOSE_NAMES -> Route.Settings(SettingsTab.WIDGETS)
    ACCOUNT -> Route.Account(intent.getLongExtra(ID, 0).toULong())
    else -> null
}.takeIf { intent.flags and Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY == 0 }
