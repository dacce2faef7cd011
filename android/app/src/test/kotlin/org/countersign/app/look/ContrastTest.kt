package org.countersign.app.look

import android.graphics.Color
import org.countersign.app.R
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

private const val LEAST = 4.5f

@RunWith(RobolectricTestRunner::class)
class ContrastTest {
    @Test
    fun everyColourOfTextIsReadOnEveryGround() {
        for (palette in listOf(Palettes.day, Palettes.night)) {
            val inks = with(palette) { listOf(ink, ink2, accent, danger, warn) }
            val grounds = with(palette) { listOf(surface, raised, tint) }
            for (ink in inks) for (ground in grounds) assertReadable(ink, ground)
            assertReadable(palette.onAccent, palette.accent)
        }
    }

    @Test
    @Config(qualifiers = "notnight")
    fun thePageOfTheThemeIsThatOfTheLookByDay() = assertPage(Palettes.day)

    @Test
    @Config(qualifiers = "night")
    fun thePageOfTheThemeIsThatOfTheLookByNight() = assertPage(Palettes.night)

    private fun assertPage(palette: Palette) {
        val context = RuntimeEnvironment.getApplication()
        assertEquals(palette.surface, context.getColor(R.color.surface))
        assertEquals(palette.accent, context.getColor(R.color.accent))
        assertEquals(palette.ink, context.getColor(R.color.ink))
        assertEquals(palette, context.palette)
    }

    private fun assertReadable(ink: Int, ground: Int) {
        val (light, dark) = listOf(Color.luminance(ink), Color.luminance(ground)).sortedDescending()
        val contrast = (light + 0.05f) / (dark + 0.05f)
        assertTrue("${Integer.toHexString(ink)} on ${Integer.toHexString(ground)}: $contrast", contrast >= LEAST)
    }
}
