package org.countersign.app.look

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.Typeface
import android.graphics.drawable.RippleDrawable
import android.text.SpannableStringBuilder
import android.text.Spanned
import android.text.style.ForegroundColorSpan
import android.text.style.RelativeSizeSpan
import android.view.View
import android.widget.LinearLayout
import android.widget.RadioButton
import android.widget.RadioGroup
import android.widget.Switch
import android.widget.TextView

/** Words with a quieter line beneath that says more. */
private fun Context.withAbout(name: CharSequence, about: CharSequence?): CharSequence {
    if (about.isNullOrEmpty()) return name
    val text = SpannableStringBuilder(name).append("\n").append(about)
    val from = name.length + 1
    text.setSpan(RelativeSizeSpan(Type.SMALL.sp / Type.TEXT.sp), from, text.length, Spanned.SPAN_EXCLUSIVE_EXCLUSIVE)
    text.setSpan(ForegroundColorSpan(palette.ink2), from, text.length, Spanned.SPAN_EXCLUSIVE_EXCLUSIVE)
    return text
}

/** A name over some rows. */
fun Context.section(name: CharSequence): TextView = words(name, Type.SMALL, palette.ink2).apply {
    isAccessibilityHeading = true
    typeface = Typeface.create("sans-serif-medium", Typeface.NORMAL)
    layoutParams = row(top = Space.XL)
}

/** A row that leads on, with a line of what is there. */
fun Context.entry(name: CharSequence, about: CharSequence? = null, colour: Int = palette.ink, onTap: () -> Unit): View =
    words(withAbout(name, about), Type.TEXT, colour).apply {
        minHeight = px(Space.TARGET)
        gravity = android.view.Gravity.CENTER_VERTICAL
        setPadding(px(Space.S), px(Space.S), px(Space.S), px(Space.S))
        background = touched(colour)
        layoutParams = outdented()
        isFocusable = true
        setOnClickListener { onTap() }
    }

/** A row that is on or off. It stays while its screen does, so that a finger and a screen reader keep their place. */
class Toggle(context: Context, name: CharSequence, about: CharSequence?, private val onChange: (Boolean) -> Unit) :
    Switch(context) {
    private var listens = true

    init {
        look(Type.TEXT, context.palette.ink)
        text = context.withAbout(name, about)
        minHeight = context.px(Space.TARGET)
        setPadding(0, context.px(Space.S), 0, context.px(Space.S))
        switchPadding = context.px(Space.L)
        layoutParams = context.row()
        setOnCheckedChangeListener { _, now -> if (listens) onChange(now) }
    }

    /** Nobody moved it: it is so. */
    fun show(on: Boolean) {
        if (on == isChecked) return
        listens = false
        isChecked = on
        listens = true
    }
}

/** One of several, each a row of its own under the name of all. */
class Choice<T : Any>(
    context: Context,
    name: CharSequence,
    about: CharSequence?,
    options: List<Pair<T, CharSequence>>,
    private val onPick: (T) -> Unit,
) : RadioGroup(context) {
    private val buttons = options.map { (value, words) -> value to button(words, value) }

    init {
        orientation = VERTICAL
        layoutParams = context.row(top = Space.S)
        addView(context.words(context.withAbout(name, about)))
        buttons.forEach { (_, button) -> addView(button) }
    }

    private fun button(words: CharSequence, value: T) = RadioButton(context).apply {
        id = View.generateViewId()
        text = words
        look(Type.TEXT, context.palette.ink)
        minHeight = context.px(Space.TARGET)
        layoutParams = context.row()
        setOnClickListener { onPick(value) }
    }

    /** It is [chosen], whoever chose; none where it is not known, or not among them. */
    fun show(chosen: T?) {
        val button = buttons.firstOrNull { it.first == chosen }?.second
        if (button == null) clearCheck() else check(button.id)
        buttons.forEach { it.second.jumpDrawablesToCurrentState() }
    }
}

/** A card of its own. */
fun Context.card(vararg children: View?): LinearLayout = column(*children).apply {
    background = box(palette.raised, border = palette.line)
    setPadding(px(Space.L), px(Space.L), px(Space.L), px(Space.L))
    layoutParams = row(top = Space.M)
}

/** Shows that a finger is on a row, which has no ground of its own. */
private fun Context.touched(ink: Int) = RippleDrawable(ColorStateList.valueOf(ink and TRANSLUCENT), null, box(ink))

private const val TRANSLUCENT = 0x30FFFFFF

/** As wide as its column, and a little wider, so that its words stand in line with those around it. */
fun Context.outdented(top: Int = 0): LinearLayout.LayoutParams = row(top).apply {
    marginStart = -px(Space.S)
    marginEnd = -px(Space.S)
}
