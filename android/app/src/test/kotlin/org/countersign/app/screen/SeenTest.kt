package org.countersign.app.screen

import android.app.Activity
import android.text.SpannableString
import android.text.Spanned
import android.text.style.ForegroundColorSpan
import android.view.View
import org.countersign.app.R
import org.countersign.app.look.column
import org.countersign.app.look.palette
import org.countersign.app.look.sign
import org.countersign.app.look.words
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner

private const val PALE = 0xffcccccc.toInt()

/** The walk of the screens finds what is hard to see: else its silence says nothing. */
@RunWith(RobolectricTestRunner::class)
class SeenTest {
    @Test
    fun aPalePartOfATextIsFound() {
        assertEquals(emptyList<String>(), faults { words(coloured(palette.ink2)) })
        assertEquals(listOf("part"), faults { words(coloured(PALE)) }.map { it.substringBefore(':') })
    }

    @Test
    fun aPaleIconIsFound() {
        assertEquals(emptyList<String>(), faults { sign(R.drawable.warning, palette.ink) })
        assertEquals(1, faults { sign(R.drawable.warning, PALE) }.size)
    }

    @Test
    fun whatCannotBeUsedNowIsNoFault() =
        assertEquals(emptyList<String>(), faults { sign(R.drawable.warning, PALE).apply { isEnabled = false } })

    private fun coloured(colour: Int) = SpannableString("whole part").apply {
        setSpan(ForegroundColorSpan(colour), "whole ".length, length, Spanned.SPAN_EXCLUSIVE_EXCLUSIVE)
    }

    private fun faults(drawn: Activity.() -> View): List<String> =
        Robolectric.buildActivity(Activity::class.java).use { controller ->
            controller.get().setTheme(R.style.App)
            controller.setup()
            val activity = controller.get()
            val root = activity.column(drawn(activity)).apply { setBackgroundColor(activity.palette.surface) }
            activity.setContentView(root)
            contrastFaults(root)
        }
}
