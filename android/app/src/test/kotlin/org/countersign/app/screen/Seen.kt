package org.countersign.app.screen

import android.graphics.Bitmap
import android.graphics.Color
import android.graphics.Rect
import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import org.countersign.testkit.Pictures

/** The least contrast of words (WCAG 2.2, 1.4.3). */
private const val LEAST = 4.5f

/** Words that are hard to read where they stand: their colour against the ground that is drawn around them. */
internal fun contrastFaults(root: View): List<String> {
    val picture = Pictures.draw(root)
    val texts = shown(root).filterIsInstance<TextView>().filter { it.isEnabled && it.alpha == 1f }
    return texts.mapNotNull { text ->
        val colour = if (text.text.isEmpty()) text.currentHintTextColor else text.currentTextColor
        val place = placeIn(root, text)?.takeIf { text.text.isNotEmpty() || !text.hint.isNullOrEmpty() }
        val contrast = place?.let { contrast(colour, ground(picture, it)) }
        "${text.text}: a contrast of $contrast".takeIf { contrast != null && contrast < LEAST }
    }
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
private fun ground(picture: Bitmap, place: Rect): Int {
    val pixels = IntArray(place.width() * place.height())
    picture.getPixels(pixels, 0, place.width(), place.left, place.top, place.width(), place.height())
    return pixels.toList().groupingBy { it }.eachCount().maxByOrNull { it.value }!!.key
}

private fun contrast(ink: Int, ground: Int): Float {
    val (light, dark) = listOf(Color.luminance(ink), Color.luminance(ground)).sortedDescending()
    return (light + 0.05f) / (dark + 0.05f)
}
