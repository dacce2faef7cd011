package org.countersign.app.shell

import android.app.Activity
import android.view.View
import android.widget.FrameLayout
import org.countersign.app.look.Space
import org.countersign.app.look.column
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.rest
import org.countersign.app.screen.Part
import org.countersign.app.screen.insideTheBars
import org.countersign.app.screen.waitingCard
import org.countersign.logic.route.Place
import org.countersign.logic.route.Route
import org.countersign.logic.unlock.Waiting

/**
 * Holds the screen of now, and above it a sign-in that began to wait meanwhile. What the person was in the middle of is kept
 * as it is while they answer one.
 */
internal class Stage(private val activity: Activity, private val onWaiting: (Waiting) -> Unit) {
    private val aside = Part<Waiting?>(activity) { it?.let { activity.waitingCard(it) { onWaiting(it) } } }
    private val frame = FrameLayout(activity).apply { layoutParams = rest(isColumn = true) }
    private var kept: Pair<Place, Shown<*, *>>? = null

    val view: View = activity.column(aside, frame).apply {
        setBackgroundColor(activity.palette.surface)
        insideTheBars()
    }

    /** Where the person is; none before the core is open. */
    var place: Place? = null
        private set

    /** Whether something is typed, asked or under way that another window would not have. */
    val isInTheMiddle: Boolean get() = kept != null || shown?.takesBack == true

    /** Whether nothing of the screen is seen. */
    var isCovered: Boolean
        get() = view.visibility == View.INVISIBLE
        set(value) {
            view.visibility = if (value) View.INVISIBLE else View.VISIBLE
        }

    /** None before the core is open. */
    var shown: Shown<*, *>? = null
        private set

    init {
        val side = activity.px(Space.L)
        aside.setPadding(side, 0, side, 0)
        aside.accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        tell(null)
    }

    /** Shows [view] alone, before there is a place. */
    fun show(view: View) {
        frame.removeAllViews()
        frame.addView(view)
    }

    /** Shows the screen of [now]; whether it is another than before. */
    fun go(now: Place, make: (Place) -> Shown<*, *>?, otherwise: () -> View): Boolean {
        if (now == place) return false
        leave(now)
        place = now
        val back = kept?.takeIf { it.first == now }?.second
        if (!now.isAnApproval()) letGo(back)
        shown = back ?: make(now)
        show(shown?.view ?: otherwise())
        if (back == null) shown?.begin() else back.changed()
        return true
    }

    /** Tells of sign-ins that wait; whether they began to just now. */
    fun tell(waiting: Waiting?): Boolean {
        val hadNone = aside.visibility == View.GONE
        aside.show(waiting)
        return waiting != null && hadNone
    }

    /** What only an open vault has is kept no longer. */
    fun lock() {
        if ((kept?.first as? Place.At)?.route?.needsVault == true) letGo(null)
    }

    fun end() {
        shown?.end()
        letGo(null)
    }

    private fun leave(next: Place) {
        val before = place
        val left = shown
        val isLeftForOne = before?.isAnApproval() == false && next.isAnApproval()
        if (left?.takesBack == true && isLeftForOne) kept = before to left else left?.end()
    }

    private fun letGo(back: Shown<*, *>?) {
        kept?.second?.takeIf { it !== back }?.end()
        kept = null
    }

    private fun Place.isAnApproval() = this is Place.At && route is Route.Approval
}
