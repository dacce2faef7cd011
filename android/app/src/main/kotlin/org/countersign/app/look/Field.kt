package org.countersign.app.look

import android.content.Context
import android.text.InputType
import android.view.Gravity
import android.view.View
import android.view.ViewTreeObserver
import android.view.accessibility.AccessibilityManager
import android.view.inputmethod.InputMethodManager
import android.widget.EditText
import android.widget.LinearLayout
import java.nio.CharBuffer
import java.nio.charset.StandardCharsets
import org.countersign.logic.Secret

/** A field with its name above it. */
fun Context.field(name: CharSequence, input: EditText): LinearLayout {
    input.id = View.generateViewId()
    val label = words(name, Type.SMALL, palette.ink2).apply { labelFor = input.id }
    return column(label, input).apply { layoutParams = row(top = Space.L) }
}

/** What is typed into. Its border is dark enough to be seen by itself. */
fun Context.input(type: Int): EditText = EditText(this).apply {
    look(Type.TEXT, palette.ink)
    inputType = type
    background = box(palette.raised, border = palette.ink2)
    minHeight = px(Space.TARGET)
    setPadding(px(Space.L), px(Space.M), px(Space.L), px(Space.M))
    layoutParams = row(top = Space.XS)
}

/**
 * The keyboard is up for this field as soon as the window is in front. Who has the screen read out hears the page first, and
 * opens it when they are there.
 */
fun EditText.opensKeyboard() {
    if (context.getSystemService(AccessibilityManager::class.java).isTouchExplorationEnabled) return
    requestFocus()
    if (hasWindowFocus()) return showKeyboard()
    val whenInFront = object : ViewTreeObserver.OnWindowFocusChangeListener {
        override fun onWindowFocusChanged(isFocused: Boolean) {
            if (!isFocused) return
            viewTreeObserver.removeOnWindowFocusChangeListener(this)
            showKeyboard()
        }
    }
    viewTreeObserver.addOnWindowFocusChangeListener(whenInFront)
}

private fun EditText.showKeyboard() {
    post {
        if (isShown) context.getSystemService(InputMethodManager::class.java).showSoftInput(this, 0)
    }
}

/** For what nobody else may see: no suggestion, no copy in the keyboard's memory, and never saved. */
fun Context.secretInput(): EditText = input(HIDDEN).apply {
    isSaveEnabled = false
    imeOptions = imeOptions or android.view.inputmethod.EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING
    importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
}

/** For words on paper: they are seen, or nobody finds the one that is wrong; no keyboard keeps them. */
fun Context.sheetInput(): EditText = secretInput().apply {
    inputType = SHEET
    look(Type.TEXT, palette.ink)
    typeface = android.graphics.Typeface.MONOSPACE
    isSingleLine = false
    minLines = SHEET_LINES
    gravity = Gravity.TOP or Gravity.START
    textDirection = View.TEXT_DIRECTION_LTR
}

/** What was typed, without a copy in a `String`. */
fun EditText.secret(): Secret {
    val chars = CharArray(text.length).also { text.getChars(0, text.length, it, 0) }
    val bytes = StandardCharsets.UTF_8.encode(CharBuffer.wrap(chars))
    val secret = ByteArray(bytes.remaining()).also { bytes.get(it) }
    chars.fill('\u0000')
    bytes.array().fill(0)
    return Secret(secret)
}

/** Shows what is typed, or hides it again. */
fun EditText.reveal(shown: Boolean) {
    val at = selectionEnd
    inputType = if (shown) InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_VISIBLE_PASSWORD else HIDDEN
    look(Type.TEXT, context.palette.ink)
    setSelection(at)
}

private const val SHEET_LINES = 4
private const val SHEET = InputType.TYPE_CLASS_TEXT or
    InputType.TYPE_TEXT_FLAG_MULTI_LINE or
    InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS or
    InputType.TYPE_TEXT_VARIATION_VISIBLE_PASSWORD
private const val HIDDEN = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD
