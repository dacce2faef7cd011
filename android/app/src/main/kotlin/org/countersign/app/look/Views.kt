package org.countersign.app.look

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.Typeface
import android.graphics.drawable.Drawable
import android.graphics.drawable.GradientDrawable
import android.graphics.drawable.RippleDrawable
import android.util.TypedValue
import android.view.Gravity
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.view.accessibility.AccessibilityNodeInfo
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView

/** A way of drawing text. */
fun TextView.look(type: Type, colour: Int) {
    setTextSize(TypedValue.COMPLEX_UNIT_SP, type.sp)
    setTextColor(colour)
    fontFeatureSettings = "tnum"
    textAlignment = View.TEXT_ALIGNMENT_VIEW_START
}

/** Words on the page. */
fun Context.words(words: CharSequence, type: Type = Type.TEXT, colour: Int = palette.ink): TextView =
    TextView(this).apply {
        text = words
        look(type, colour)
    }

/** The head of a screen, which a screen reader says is one. */
fun Context.title(words: CharSequence): TextView = words(words, Type.TITLE).apply {
    isAccessibilityHeading = true
    typeface = Typeface.create("sans-serif-medium", Typeface.NORMAL)
}

/** The one main action of a screen: full width, at its foot. */
fun Context.mainButton(words: CharSequence, ground: Int = palette.accent, onTap: () -> Unit): Button =
    button(words, palette.onAccent, onTap).apply {
        background = pressed(round(ground), palette.onAccent)
        layoutParams = row(top = Space.M)
    }

/** All other actions: as wide, and quiet. */
fun Context.quietButton(words: CharSequence, colour: Int = palette.accent, onTap: () -> Unit): Button =
    button(words, colour, onTap).apply {
        background = pressed(null, colour)
        layoutParams = row(top = Space.XS)
    }

private fun Context.button(words: CharSequence, colour: Int, onTap: () -> Unit): Button = Button(this).apply {
    text = words
    isAllCaps = false
    look(Type.TEXT, colour)
    textAlignment = View.TEXT_ALIGNMENT_CENTER
    gravity = Gravity.CENTER
    minHeight = px(Space.TARGET)
    minimumHeight = px(Space.TARGET)
    stateListAnimator = null
    setPadding(px(Space.L), px(Space.M), px(Space.L), px(Space.M))
    setOnClickListener { onTap() }
}

/** A column from top to bottom. */
fun Context.column(vararg children: View?): LinearLayout = LinearLayout(this).apply {
    orientation = LinearLayout.VERTICAL
    children.filterNotNull().forEach(::addView)
}

/** A row from start to end. */
fun Context.line(vararg children: View?): LinearLayout = LinearLayout(this).apply {
    orientation = LinearLayout.HORIZONTAL
    gravity = Gravity.CENTER_VERTICAL
    children.filterNotNull().forEach(::addView)
}

/** As wide as its column, [top] below what stands above it. */
fun Context.row(top: Int = 0, height: Int = WRAP_CONTENT): LinearLayout.LayoutParams =
    LinearLayout.LayoutParams(MATCH_PARENT, height).apply { topMargin = px(top) }

/** A screen reader says [words] as they are when it comes here, so that nothing is said anew each second. */
fun View.speaks(words: () -> CharSequence) {
    accessibilityDelegate = object : View.AccessibilityDelegate() {
        override fun onInitializeAccessibilityNodeInfo(host: View, info: AccessibilityNodeInfo) {
            super.onInitializeAccessibilityNodeInfo(host, info)
            info.contentDescription = words()
        }
    }
}

/** What is left of a line or a column. */
fun rest(isColumn: Boolean = false): LinearLayout.LayoutParams =
    if (isColumn) LinearLayout.LayoutParams(MATCH_PARENT, 0, 1f) else LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f)

/** A box with round corners: a card, a chosen row. */
fun Context.box(colour: Int, corner: Int = Space.CORNER, border: Int? = null): GradientDrawable =
    GradientDrawable().apply {
        setColor(colour)
        cornerRadius = px(corner).toFloat()
        border?.let { setStroke(px(Space.HAIRLINE), it) }
    }

private fun Context.round(colour: Int): GradientDrawable = box(colour, Space.XXL)

/** Shows that a finger is on it. */
fun Context.pressed(under: Drawable?, ink: Int): Drawable =
    RippleDrawable(ColorStateList.valueOf(ink and TRANSLUCENT), under, under ?: round(ink))

private const val TRANSLUCENT = 0x30FFFFFF
