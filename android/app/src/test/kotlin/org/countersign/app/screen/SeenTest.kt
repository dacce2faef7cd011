package org.countersign.app.screen

import android.app.Activity
import android.text.SpannableString
import android.text.Spanned
import android.text.TextUtils
import android.text.style.ForegroundColorSpan
import android.view.View
import org.countersign.app.R
import org.countersign.app.look.column
import org.countersign.app.look.palette
import org.countersign.app.look.sign
import org.countersign.app.look.words
import org.countersign.testkit.Pictures
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

    @Test
    fun aTextThatIsCutIsFound() {
        val long = "Donaudampfschifffahrt and more of it, on and on until no line of a phone holds it any longer"
        assertEquals(emptyList<String>(), cuts { words(long) })
        val early = cuts {
            words(long).apply {
                setSingleLine()
                ellipsize = TextUtils.TruncateAt.END
            }
        }
        assertEquals(listOf("ends early"), early.map { it.substringBefore(':') })
        assertEquals(listOf("too high"), cuts { words(long).apply { maxHeight = 20 } }.map { it.substringBefore(':') })
    }

    private fun coloured(colour: Int) = SpannableString("whole part").apply {
        setSpan(ForegroundColorSpan(colour), "whole ".length, length, Spanned.SPAN_EXCLUSIVE_EXCLUSIVE)
    }

    private fun faults(drawn: Activity.() -> View): List<String> = walked(drawn, ::contrastFaults)

    private fun cuts(drawn: Activity.() -> View): List<String> = walked(drawn, ::cutFaults)

    private fun walked(drawn: Activity.() -> View, walk: (View) -> List<String>): List<String> =
        Robolectric.buildActivity(Activity::class.java).use { controller ->
            controller.get().setTheme(R.style.App)
            controller.setup()
            val activity = controller.get()
            val root = activity.column(drawn(activity)).apply { setBackgroundColor(activity.palette.surface) }
            activity.setContentView(root)
            Pictures.draw(root)
            walk(root)
        }
}
