package org.countersign.app.look

import android.content.Context
import android.text.InputFilter
import android.text.InputType
import android.view.Gravity
import android.view.View
import android.view.accessibility.AccessibilityNodeInfo
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
    speakHint(spoken)
    isSaveEnabled = false
    importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
    // Digits go from left to right in every language.
    textDirection = View.TEXT_DIRECTION_LTR
}

/** A screen reader says [words] while the field is empty, and after that what was typed: a description would hide it. */
internal fun EditText.speakHint(words: CharSequence) {
    accessibilityDelegate = object : View.AccessibilityDelegate() {
        override fun onInitializeAccessibilityNodeInfo(host: View, info: AccessibilityNodeInfo) {
            super.onInitializeAccessibilityNodeInfo(host, info)
            info.hintText = words
            info.isShowingHintText = text.isEmpty()
            if (text.isEmpty()) info.text = words
        }
    }
}
