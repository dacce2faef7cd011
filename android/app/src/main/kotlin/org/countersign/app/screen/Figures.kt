package org.countersign.app.screen

import android.content.Context
import android.view.Gravity
import android.view.View
import org.countersign.app.look.Ring
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.column
import org.countersign.app.look.line
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.logic.accounts.Figure
import org.countersign.logic.text.Countdown
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain

/** What stands where the code stands, and moves on by itself between two states. */
internal class Ticking(
    val view: View,
    /** As a screen reader says it. */
    val spoken: String,
    private val onTick: (ULong) -> Unit = {},
    /** How long the code holds yet, in words; none where that is no matter of time. */
    val left: () -> String? = { null },
) {
    fun tick(now: ULong) = onTick(now)
}

/** Draws [figure]; in its place a word where it was copied just now. */
internal fun Context.figure(
    figure: Figure,
    justCopied: Boolean,
    type: Type = Type.CODE,
    isBeneath: Boolean = false,
): Ticking = when (figure) {
    is Figure.Live -> live(figure, justCopied, type, if (isBeneath) Gravity.START else Gravity.END)
    is Figure.Hidden -> hidden(figure, type, if (isBeneath) Gravity.START else Gravity.END)
    is Figure.Counted -> counted(figure, justCopied, type)
    Figure.Damaged -> Ticking(android.widget.Space(this), say(Say.phoneAccountsDamaged))
}

private fun Context.live(figure: Figure.Live, justCopied: Boolean, type: Type, side: Int): Ticking {
    val ring = Ring(this)
    val code = code(figure.code, justCopied, type)
    val next = figure.next?.let { words(say(Say.phoneAccountsNext(plain(isolated(it)))), Type.SMALL, palette.ink2) }
    val both = column(code, next).apply {
        gravity = side
        setPaddingRelative(0, 0, px(Space.M), 0)
    }
    var left = Countdown.of(figure.since, figure.until, figure.since)
    val tick = { now: ULong ->
        left = Countdown.of(figure.since, figure.until, now)
        ring.show(left.seconds, left.part)
    }
    return Ticking(line(both, ring), spoken(figure.code), tick) {
        say(Say.phoneAccountsSecondsLeft(count(left.seconds)))
    }
}

private fun Context.hidden(figure: Figure.Hidden, type: Type, side: Int): Ticking {
    val dots = words(Digits.hidden(figure.digits), type, palette.ink2)
    val tap = words(say(Say.phoneAccountsTapToShow), Type.SMALL, palette.ink2)
    return Ticking(column(dots, tap).apply { gravity = side }, say(Say.phoneAccountsHiddenSpoken))
}

private fun Context.counted(figure: Figure.Counted, justCopied: Boolean, type: Type): Ticking {
    val code = figure.code
    if (code != null) return Ticking(code(code, justCopied, type), spoken(code))
    val words = say(if (figure.waits) Say.phoneWait else Say.phoneAccountsNextCode)
    return Ticking(words(words, Type.TEXT, palette.accent), words)
}

private fun Context.code(code: Digits, justCopied: Boolean, type: Type): View =
    if (justCopied) words(say(Say.phoneCopied), type, palette.accent) else words(isolated(code), type)

/** Digits go from left to right in every language, also between words that do not. */
private fun isolated(code: Digits): String = "\u2066${code.grouped()}\u2069"

private fun Context.spoken(code: Digits): String = say(Say.phoneAccountsCodeSpoken(plain(code.spoken())))
