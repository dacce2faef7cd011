package org.countersign.app.screen

import android.app.Activity
import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.px
import org.countersign.testkit.Pictures
import org.junit.Assert.assertEquals
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment

/** How people look at a screen. */
enum class Looks(val qualifiers: String, val fontScale: Float = 1f, val isKept: Boolean = true) {
    DAY("en-rUS-w360dp-h640dp-notnight-mdpi"),
    NIGHT("en-rUS-w360dp-h640dp-night-mdpi"),

    /** Right to left, every word turned round. */
    RTL("ar-rXB-ldrtl-w360dp-h640dp-notnight-mdpi"),

    /** Every text a third longer, on the smallest screen. */
    LONG("en-rXA-w320dp-h533dp-notnight-mdpi"),
    LARGE("en-rUS-w360dp-h640dp-notnight-mdpi", fontScale = 2f),

    /** The longest words, on the smallest screen: walked like the others, and no picture is kept. */
    GERMAN("de-rDE-w320dp-h533dp-notnight-mdpi", isKept = false),
    ;

    companion object {
        /** Older levels draw each screen once: colours and icons are theirs, where things stand is the same code. */
        val here: List<Looks>
            get() = if (RuntimeEnvironment.getApiLevel() == Pictures.GOLDEN_API) entries else listOf(NIGHT)
    }
}

/** Draws [state] in every look, compares each with its golden picture and walks its views. A home screen's row [mayEnd] early. */
fun <S> everyLook(name: String, state: S, mayEnd: Boolean = false, drawing: (Activity) -> Drawing<S>) {
    for (look in Looks.here) {
        RuntimeEnvironment.setQualifiers(look.qualifiers)
        RuntimeEnvironment.setFontScale(look.fontScale)
        Robolectric.buildActivity(Activity::class.java).use { controller ->
            controller.get().setTheme(R.style.App)
            controller.setup()
            val activity = controller.get()
            val drawn = drawing(activity)
            activity.setContentView(drawn.view)
            drawn.draw(state)
            val content = activity.findViewById<View>(android.R.id.content)
            if (look.isKept) Pictures.check(content, "$name-${look.name.lowercase()}") else Pictures.draw(content)
            val all = faults(drawn.view) + contrastFaults(drawn.view) + orderFaults(drawn.view) +
                (if (mayEnd) emptyList() else cutFaults(drawn.view))
            assertEquals("$name, $look", emptyList<String>(), all)
        }
    }
}

/** What a finger or a screen reader would stumble over. */
private fun faults(view: View): List<String> = when {
    view.visibility != View.VISIBLE -> emptyList()
    else -> targetFaults(view) + (view as? ViewGroup)?.let { children(it).flatMap(::faults) }.orEmpty()
}

private fun targetFaults(view: View): List<String> {
    if (!view.isClickable || !view.isEnabled ||
        view.importantForAccessibility == View.IMPORTANT_FOR_ACCESSIBILITY_NO
    ) {
        return emptyList()
    }
    val least = view.context.px(Space.TARGET)
    val words = words(view)
    return listOfNotNull(
        "no words: $view".takeIf { words.isBlank() },
        "$words: ${view.width} × ${view.height}, at least $least".takeIf { view.width < least || view.height < least },
    )
}

/** What a screen reader says of [view]: its own words, or those in it. */
private fun words(view: View): String {
    val own = view.contentDescription ?: (view as? TextView)?.run { text.ifEmpty { hint ?: labelled(this) } }
    return own?.toString()
        ?: (view as? ViewGroup)?.let { children(it).joinToString(" ", transform = ::words) }.orEmpty()
}

private fun labelled(field: TextView): CharSequence? {
    val around = field.parent as? ViewGroup ?: return null
    return children(around).filterIsInstance<TextView>().firstOrNull { it.labelFor == field.id }?.text
}

private fun children(group: ViewGroup): List<View> = (0 until group.childCount).map(group::getChildAt)
