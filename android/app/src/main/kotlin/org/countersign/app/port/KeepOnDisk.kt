package org.countersign.app.port

import android.content.Context
import java.util.concurrent.CopyOnWriteArrayList
import org.countersign.bindings.TokenFamily
import org.countersign.logic.Keep
import org.countersign.logic.Preferences

/** How a person likes the app, in the app's plain preferences. What an older or newer version wrote is as at the beginning. */
class KeepOnDisk(context: Context) : Keep {
    private val listeners = CopyOnWriteArrayList<(Preferences, Preferences) -> Unit>()
    private val kept = context.getSharedPreferences("likes", Context.MODE_PRIVATE)

    /** [listener] hears of each change: what was, and what is. */
    fun listen(listener: (Preferences, Preferences) -> Unit) {
        listeners += listener
    }

    fun leave(listener: (Preferences, Preferences) -> Unit) {
        listeners -= listener
    }

    override fun read(): Preferences {
        val first = Preferences()
        return Preferences(
            fingers = kept.getBoolean("fingers", first.fingers),
            sort = one("sort") ?: first.sort,
            look = one("look") ?: first.look,
            hideFromOthers = kept.getBoolean("hide_from_others", first.hideFromOthers),
            hideAll = kept.getBoolean("hide_all", first.hideAll),
            showNext = kept.getBoolean("show_next", first.showNext),
            clearClipboardAfterS = kept.getInt("clear_clipboard_after_s", first.clearClipboardAfterS),
            likelyToken = one<TokenFamily>("likely_token"),
        )
    }

    override fun write(preferences: Preferences) {
        val before = read()
        put(preferences)
        if (before != preferences) listeners.forEach { it(before, preferences) }
    }

    private fun put(preferences: Preferences) = kept
        .edit()
        .putBoolean("fingers", preferences.fingers)
        .putString("sort", preferences.sort.name)
        .putString("look", preferences.look.name)
        .putBoolean("hide_from_others", preferences.hideFromOthers)
        .putBoolean("hide_all", preferences.hideAll)
        .putBoolean("show_next", preferences.showNext)
        .putInt("clear_clipboard_after_s", preferences.clearClipboardAfterS)
        .putString("likely_token", preferences.likelyToken?.name)
        .apply()

    private inline fun <reified T : Enum<T>> one(name: String): T? =
        kept.getString(name, null)?.let { word -> enumValues<T>().firstOrNull { it.name == word } }
}
