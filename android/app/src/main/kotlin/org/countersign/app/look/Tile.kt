package org.countersign.app.look

import android.content.Context
import android.view.Gravity
import android.view.View
import android.widget.LinearLayout
import android.widget.TextView

private const val SIDE_DP = 40

/** The initials of [issuer], on a ground that never changes for it. */
fun Context.tile(issuer: String): TextView =
    words(initials(issuer), Type.TEXT, Palettes.onTile).apply {
        gravity = Gravity.CENTER
        textAlignment = View.TEXT_ALIGNMENT_GRAVITY
        // A drawing rather than a text: it does not grow with the text beside it.
        setTextSize(android.util.TypedValue.COMPLEX_UNIT_DIP, Type.TEXT.sp)
        background = box(Palettes.tiles[Math.floorMod(hash(issuer), Palettes.tiles.size)])
        layoutParams = LinearLayout.LayoutParams(px(SIDE_DP), px(SIDE_DP))
        importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO
    }

/** `GitHub` as `GI`, `Example Bank` as `EB`; a dot for one without letters. */
internal fun initials(issuer: String): String {
    val words = issuer.split(' ', '-', '.', '_').filter { word -> word.any(Char::isLetterOrDigit) }
    val letters = if (words.size > 1) words.take(2).map { it.first() }.joinToString("") else words.joinToString("").take(2)
    return letters.uppercase(java.util.Locale.ROOT).ifEmpty { "·" }
}

/** The same on every phone and in every version (FNV-1a). */
private fun hash(words: String): Int =
    words.encodeToByteArray().fold(OFFSET) { sum, byte -> (sum xor byte.toInt()) * PRIME }

private const val OFFSET = -2128831035
private const val PRIME = 16777619
