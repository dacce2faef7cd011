package org.countersign.app.look

import android.content.Context
import android.text.InputFilter
import android.text.InputType
import android.view.Gravity
import android.view.View
import android.widget.EditText
import org.countersign.logic.text.Digits

private const val WIDE = 0.12f

/** A field for so many digits, as large as they matter. Nothing of it is saved. */
fun Context.digitsInput(count: Int, spoken: CharSequence): EditText = input(InputType.TYPE_CLASS_NUMBER).apply {
    id = View.generateViewId()
    look(Type.DIGITS, palette.ink)
    textAlignment = View.TEXT_ALIGNMENT_CENTER
    gravity = Gravity.CENTER
    letterSpacing = WIDE
    filters = arrayOf(InputFilter.LengthFilter(count))
    hint = Digits("·".repeat(count)).grouped()
    setHintTextColor(palette.ink2)
    contentDescription = spoken
    isSaveEnabled = false
    importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
    // Digits go from left to right in every language.
    textDirection = View.TEXT_DIRECTION_LTR
}
