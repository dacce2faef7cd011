package org.countersign.app.look

import android.content.Context
import android.text.InputType
import android.view.View
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

/** For what nobody else may see: no suggestion, no copy in the keyboard's memory, and never saved. */
fun Context.secretInput(): EditText = input(HIDDEN).apply {
    isSaveEnabled = false
    imeOptions = imeOptions or android.view.inputmethod.EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING
    importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
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

private const val HIDDEN = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD
