package org.countersign.app.screen

import android.content.Context
import android.os.Build
import android.view.View
import android.view.WindowInsets
import android.widget.LinearLayout
import android.widget.ScrollView
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.column
import org.countersign.app.look.icon
import org.countersign.app.look.line
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.title
import org.countersign.logic.text.Say

/** A screen that scrolls: what is asked stays at its foot, in reach of a thumb. */
fun Context.page(head: View?, body: View, foot: View?): LinearLayout = column(
    head,
    scrolled(body),
    foot?.let {
        column(it).apply { setPadding(px(Space.L), 0, px(Space.L), px(Space.S)) }
    },
).apply {
    val side = px(Space.L)
    head?.setPadding(px(Space.XS), px(Space.S), px(Space.XS), 0)
    body.setPadding(side, px(Space.M), side, px(Space.L))
    setBackgroundColor(palette.surface)
}

private fun Context.scrolled(body: View): ScrollView = ScrollView(this).apply {
    isFillViewport = true
    addView(body)
    layoutParams = rest(isColumn = true)
}

/** The way back, and what the screen is called. */
fun Context.head(words: CharSequence, onBack: (() -> Unit)?, vararg more: View): LinearLayout {
    val name = title(words).apply { layoutParams = rest() }
    val back = onBack?.let { icon(R.drawable.back, say(Say.phoneBack), onTap = it) }
    if (back == null) name.setPadding(px(Space.M), px(Space.S), px(Space.M), px(Space.S))
    return line(back, name, *more).apply { layoutParams = row() }
}

/**
 * Keeps what is drawn in it off the bars, the cut-out and the keyboard, while its ground goes under them. It stands around all
 * pages: one that is made later is not told of the bars any more.
 */
@Suppress("DEPRECATION")
fun View.insideTheBars() = setOnApplyWindowInsetsListener { view, insets ->
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
        val types = WindowInsets.Type.systemBars() or WindowInsets.Type.displayCutout() or WindowInsets.Type.ime()
        val bars = insets.getInsets(types)
        view.setPadding(bars.left, bars.top, bars.right, bars.bottom)
    } else {
        val (left, top) = insets.systemWindowInsetLeft to insets.systemWindowInsetTop
        view.setPadding(left, top, insets.systemWindowInsetRight, insets.systemWindowInsetBottom)
    }
    insets
}
