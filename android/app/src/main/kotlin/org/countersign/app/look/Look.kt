package org.countersign.app.look

import android.content.Context
import android.content.res.Configuration
import android.util.TypedValue
import org.countersign.logic.Look as Light

/** The colours of one light. [Palettes] says what each is for. */
class Palette(
    val surface: Int,
    val raised: Int,
    val ink: Int,
    val ink2: Int,
    val line: Int,
    val accent: Int,
    val onAccent: Int,
    val danger: Int,
    val warn: Int,
    val tint: Int,
)

/**
 * By day and by night. Text is [Palette.ink], second text [Palette.ink2]; [Palette.line] is a hairline and never the only
 * border of a field; [Palette.danger] means loss or an attack and nothing else. Each has a contrast of 4.5 at least on page,
 * card and tint.
 */
object Palettes {
    val day =
        Palette(
            surface = rgb(0xFAFAF7),
            raised = rgb(0xFFFFFF),
            ink = rgb(0x15181C),
            ink2 = rgb(0x555B66),
            line = rgb(0xDFE1DC),
            accent = rgb(0x0B5D4B),
            onAccent = rgb(0xFFFFFF),
            danger = rgb(0xA8201A),
            warn = rgb(0x7A4B00),
            tint = rgb(0xE3F1EC),
        )
    val night =
        Palette(
            surface = rgb(0x0F1214),
            raised = rgb(0x181C1F),
            ink = rgb(0xECEEEF),
            ink2 = rgb(0xA7AEB7),
            line = rgb(0x2C3237),
            accent = rgb(0x6AD3B5),
            onAccent = rgb(0x0B1513),
            danger = rgb(0xFF9A91),
            warn = rgb(0xF3BB62),
            tint = rgb(0x15322B),
        )

    /** Initials, on the ground that `logic` picks for them. */
    val onTile = rgb(0xFFFFFF)

    private fun rgb(colour: Int): Int = OPAQUE or colour

    private const val OPAQUE = 0xFF shl 24
}

/** Sizes of text, in sp. */
enum class Type(val sp: Float) {
    /** The digits of an approval. */
    DIGITS(34f),

    /** A code. */
    CODE(28f),
    TITLE(22f),
    TEXT(16f),

    /** The least. */
    SMALL(13f),
}

/** Distances, in dp. */
object Space {
    const val XS = 4
    const val S = 8
    const val M = 12
    const val L = 16
    const val XL = 24
    const val XXL = 32

    /** The least that a finger meets. */
    const val TARGET = 48
    const val CORNER = 12
    const val HAIRLINE = 1
}

/** Motion takes this long at most, and none where the person wants none. */
const val MOTION_MS = 150L

/** The colours of the light that it is. */
val Context.palette: Palette
    get() {
        val night = resources.configuration.uiMode and Configuration.UI_MODE_NIGHT_MASK
        return if (night == Configuration.UI_MODE_NIGHT_YES) Palettes.night else Palettes.day
    }

/** What a window is drawn with by whom likes this light: as [phone] has it, light, languages and the size of text. */
fun Light.configuration(phone: Context): Configuration {
    val now = phone.resources.configuration
    val night =
        when (this) {
            Light.SYSTEM -> now.uiMode and Configuration.UI_MODE_NIGHT_MASK
            Light.LIGHT -> Configuration.UI_MODE_NIGHT_NO
            Light.DARK -> Configuration.UI_MODE_NIGHT_YES
        }
    return Configuration().apply {
        uiMode = now.uiMode and Configuration.UI_MODE_NIGHT_MASK.inv() or night
        fontScale = now.fontScale
        setLocales(now.locales)
    }
}

/** There is no room for two things side by side: a small screen, or large text. */
val Context.isNarrow: Boolean
    get() = with(resources.configuration) { screenWidthDp / fontScale < NARROW_DP }

/** There is room for a page and the keyboard below it, so that one doesn't hide who asks. */
val Context.isTall: Boolean
    get() = with(resources.configuration) { screenHeightDp / fontScale >= TALL_DP }

private const val NARROW_DP = 340
private const val TALL_DP = 700

/** Pixels of [dp], rounded. */
fun Context.px(dp: Int): Int =
    TypedValue.applyDimension(TypedValue.COMPLEX_UNIT_DIP, dp.toFloat(), resources.displayMetrics).toInt()
