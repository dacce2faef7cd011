package org.countersign.app.look

import android.content.Context
import android.util.TypedValue
import android.view.Gravity
import android.view.View
import android.widget.LinearLayout
import android.widget.TextView
import org.countersign.logic.accounts.Tile

private const val SIDE_DP = 40
private const val OPAQUE = 0xFF shl 24

/** The initials of an account on a ground of its own. */
fun Context.tile(tile: Tile): TextView = words(tile.initials, Type.TEXT, Palettes.onTile).apply {
    gravity = Gravity.CENTER
    textAlignment = View.TEXT_ALIGNMENT_GRAVITY
    // A drawing rather than a text: it does not grow with the text beside it.
    setTextSize(TypedValue.COMPLEX_UNIT_DIP, Type.TEXT.sp)
    background = box(OPAQUE or tile.colour.toInt())
    layoutParams = LinearLayout.LayoutParams(px(SIDE_DP), px(SIDE_DP))
    importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO
}
