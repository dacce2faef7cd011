package org.countersign.app.bell

import android.annotation.SuppressLint
import android.content.Context
import org.countersign.logic.bell.Subscription

/** What is kept of bells beside the core: what was asked of distributors, and what the person wants. No endpoint is in it. */
internal class BellStore(context: Context) {
    private val kept = context.getSharedPreferences("bells", Context.MODE_PRIVATE)

    val subscriptions: List<Subscription>
        get() = kept.getString(LINES, "").orEmpty().lines().mapNotNull(Subscription::read)

    var isOn: Boolean
        get() = kept.getBoolean(ON, true)
        set(on) = kept.edit().putBoolean(ON, on).apply()

    /** The distributor that the person chose. */
    var liked: String?
        get() = kept.getString(LIKED, null)
        set(id) = kept.edit().putString(LIKED, id).apply()

    /** The phone asked the person once whether this app may notify. */
    var wasAsked: Boolean
        get() = kept.getBoolean(ASKED, false)
        set(asked) = kept.edit().putBoolean(ASKED, asked).apply()

    /** On disk before anything goes out that names a token: the answer may meet another process. */
    @Synchronized
    @SuppressLint("ApplySharedPref")
    fun change(how: (List<Subscription>) -> List<Subscription>): List<Subscription> {
        val before = subscriptions
        val next = how(before)
        if (next !=
            before
        ) {
            kept.edit().putString(LINES, next.joinToString("\n", transform = Subscription::save)).commit()
        }
        return next
    }

    private companion object {
        const val LINES = "subscriptions"
        const val ON = "on"
        const val LIKED = "distributor"
        const val ASKED = "asked"
    }
}
