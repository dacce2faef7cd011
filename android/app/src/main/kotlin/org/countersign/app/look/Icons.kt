package org.countersign.app.look

import android.content.Context
import android.content.res.ColorStateList
import android.view.View
import android.widget.ImageButton
import android.widget.ImageView
import android.widget.LinearLayout

/** A drawing that can be tapped. [words] is what a screen reader says of it. */
fun Context.icon(drawing: Int, words: CharSequence, colour: Int = palette.ink, onTap: () -> Unit): ImageButton =
    ImageButton(this).apply {
        setImageDrawable(getDrawable(drawing))
        imageTintList = ColorStateList.valueOf(colour)
        contentDescription = words
        background = pressed(null, colour)
        layoutParams = LinearLayout.LayoutParams(px(Space.TARGET), px(Space.TARGET))
        setOnClickListener { onTap() }
    }

/** A drawing that only stands there, [side] dp wide. */
fun Context.sign(drawing: Int, colour: Int, side: Int = Space.XL): ImageView = ImageView(this).apply {
    setImageDrawable(getDrawable(drawing))
    imageTintList = ColorStateList.valueOf(colour)
    importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO
    layoutParams = LinearLayout.LayoutParams(px(side), px(side))
}
