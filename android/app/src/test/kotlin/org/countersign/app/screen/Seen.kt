package org.countersign.app.screen

import android.graphics.Bitmap
import android.graphics.Color
import android.graphics.Rect
import android.text.Spanned
import android.text.style.ForegroundColorSpan
import android.view.View
import android.view.ViewGroup
import android.widget.EditText
import android.widget.ImageView
import android.widget.TextView
import org.countersign.testkit.Pictures

/** The least contrast of words (WCAG 2.2, 1.4.3). */
private const val LEAST = 4.5f

/** The least contrast of a drawing that says something (WCAG 2.2, 1.4.11). */
private const val LEAST_OF_ICONS = 3f

/** What is hard to see where it stands, against the ground that is drawn around it: words, parts of them, and icons. */
internal fun contrastFaults(root: View): List<String> {
    val picture = Pictures.draw(root)
    val seen = shown(root).filter { it.isEnabled && it.alpha == 1f }
    return seen.filterIsInstance<TextView>().flatMap { wordFaults(root, picture, it) } +
        seen.filterIsInstance<ImageView>().filter { it.drawable != null }.mapNotNull { iconFault(root, picture, it) }
}

private fun wordFaults(root: View, picture: Bitmap, text: TextView): List<String> {
    val place = placeIn(root, text)?.takeIf { text.text.isNotEmpty() || !text.hint.isNullOrEmpty() }
    val ground = ground(picture, place ?: return emptyList())
    val colour = if (text.text.isEmpty()) text.currentHintTextColor else text.currentTextColor
    return (listOf(text.text to colour) + parts(text.text)).mapNotNull { (words, ink) ->
        val contrast = contrast(ink, ground)
        "$words: a contrast of $contrast".takeIf { contrast < LEAST }
    }
}

/** The parts of a text that have a colour of their own. */
private fun parts(text: CharSequence): List<Pair<CharSequence, Int>> {
    val spanned = text as? Spanned ?: return emptyList()
    return spanned.getSpans(0, text.length, ForegroundColorSpan::class.java).map { span ->
        text.subSequence(spanned.getSpanStart(span), spanned.getSpanEnd(span)) to span.foregroundColor
    }
}

/** What of an icon stands out most from what is around it. Of one that is half scrolled away the seen part may be empty. */
private fun iconFault(root: View, picture: Bitmap, icon: ImageView): String? {
    val place = placeIn(root, icon)?.takeIf { it.width() == icon.width && it.height() == icon.height } ?: return null
    val ground = ground(picture, place)
    val contrast = pixels(picture, place).distinct().maxOf { contrast(it, ground) }
    return "the icon ${icon.contentDescription ?: icon}: a contrast of $contrast".takeIf { contrast < LEAST_OF_ICONS }
}

/** Whoever goes from one thing to the next goes down the screen, never back up. */
internal fun orderFaults(root: View): List<String> {
    val stops = shown(root).filter { it.isClickable && it.isEnabled }.mapNotNull { view ->
        placeIn(root, view)?.let {
            view to
                it
        }
    }
    return stops.zipWithNext().filter { (one, next) -> next.second.bottom <= one.second.top }.map { (one, next) ->
        "${next.first} stands above ${one.first}, and comes after it"
    }
}

private fun shown(view: View): List<View> {
    if (view.visibility != View.VISIBLE) return emptyList()
    val group = view as? ViewGroup ?: return listOf(view)
    return listOf(view) + (0 until group.childCount).flatMap { shown(group.getChildAt(it)) }
}

/** Where the part of [view] is that is seen; nothing where it is scrolled away. */
private fun placeIn(root: View, view: View): Rect? {
    val (place, around) = Rect() to Rect()
    if (!view.getGlobalVisibleRect(place) || !root.getGlobalVisibleRect(around)) return null
    place.offset(-around.left, -around.top)
    return place.takeIf { it.width() > 0 && it.height() > 0 }
}

/** What most of it is. */
private fun ground(picture: Bitmap, place: Rect): Int =
    pixels(picture, place).groupingBy { it }.eachCount().maxByOrNull { it.value }!!.key

private fun pixels(picture: Bitmap, place: Rect): List<Int> {
    val pixels = IntArray(place.width() * place.height())
    picture.getPixels(pixels, 0, place.width(), place.left, place.top, place.width(), place.height())
    return pixels.toList()
}

private fun contrast(ink: Int, ground: Int): Float {
    val (light, dark) = listOf(Color.luminance(ink), Color.luminance(ground)).sortedDescending()
    return (light + 0.05f) / (dark + 0.05f)
}

/** Texts of which a part is not drawn: cut at an end, or wider than their place. What can be scrolled is there. */
internal fun cutFaults(view: View): List<String> = when {
    view.visibility != View.VISIBLE -> emptyList()
    view is TextView -> listOfNotNull(cut(view))
    view is ViewGroup -> (0 until view.childCount).flatMap { cutFaults(view.getChildAt(it)) }
    else -> emptyList()
}

private fun cut(view: TextView): String? {
    val layout = view.layout ?: return null
    val width = view.width - view.totalPaddingLeft - view.totalPaddingRight
    val height = view.height - view.totalPaddingTop - view.totalPaddingBottom
    val lines = 0 until layout.lineCount
    val why = when {
        lines.any { layout.getEllipsisCount(it) > 0 } -> "ends early"
        lines.any { layout.getLineMax(it) > width + 1 } && !view.isHorizontallyScrollable -> "too wide"
        layout.height > height + 1 && view !is EditText -> "too high"
        else -> null
    }
    return why?.let { "$it: ${view.text}" }
}
