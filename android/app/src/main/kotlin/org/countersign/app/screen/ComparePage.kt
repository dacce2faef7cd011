package org.countersign.app.screen

import android.content.Context
import android.view.Gravity
import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.digitsInput
import org.countersign.app.look.mainButton
import org.countersign.app.look.opensKeyboard
import org.countersign.app.look.palette
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.burn.BurnEvent
import org.countersign.logic.burn.BurnStep
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say

/** Digits go from left to right in every language. */
private fun isolated(code: Digits): String = "\u2066${code.grouped()}\u2069"

/** The code that the display should show, and what it does show. */
internal class ComparePage(
    private val context: Context,
    private val notice: View,
    private val onEvent: (BurnEvent) -> Unit,
) {
    private val now: TextView =
        context.words(" ", Type.DIGITS).apply {
            gravity = Gravity.CENTER
            textAlignment = View.TEXT_ALIGNMENT_GRAVITY
            layoutParams = context.row()
        }
    private val around: TextView =
        context.words(" ", Type.SMALL, context.palette.ink2).apply {
            gravity = Gravity.CENTER
            textAlignment = View.TEXT_ALIGNMENT_GRAVITY
            layoutParams = context.row(top = Space.XS)
        }
    private val typed = context.digitsInput(MOST_DIGITS, context.say(Say.phoneBurnOtherDigits))
    private val foot = Part<Boolean>(context) { if (it) other() else matches() }
    private val field =
        context.column(
            context.words(context.say(Say.phoneBurnOtherDigits), Type.SMALL, context.palette.ink2),
            typed,
        ).apply {
            layoutParams = context.row(top = Space.L)
        }

    fun page(step: BurnStep.Compare): View = with(context) {
        listOf(now, around, field, foot).forEach { (it.parent as? ViewGroup)?.removeView(it) }
        typed.text.clear()
        asksOther(false)
        val off = words(say(Say.phoneBurnCompareOff), colour = palette.ink2).apply {
            layoutParams =
                row(top = Space.M)
        }
        page(
            head = null,
            body = column(
                title(say(Say.phoneBurnCompare)),
                card(now, around),
                off.takeIf {
                    Say.tokenNoteSwitchOff in
                        step.shown.notes
                },
                field,
                notice,
            ),
            foot = foot,
        )
    }

    fun show(step: BurnStep.Compare) {
        val codes = step.codes ?: return
        now.text = isolated(codes.now)
        now.contentDescription =
            context.say(Say.phoneAccountsCodeSpoken(org.countersign.logic.text.plain(codes.now.spoken())))
        around.text = context.say(Say.phoneAccountsNext(org.countersign.logic.text.plain(isolated(codes.next))))
    }

    private fun asksOther(asks: Boolean) {
        field.visibility = if (asks) View.VISIBLE else View.GONE
        foot.show(asks)
        if (asks) typed.opensKeyboard()
    }

    private fun matches(): View = with(context) {
        column(
            mainButton(say(Say.phoneBurnMatches)) { onEvent(BurnEvent.Matches) },
            quietButton(say(Say.phoneBurnShowsOther), palette.ink) { asksOther(true) },
            quietButton(say(Say.phoneBurnNotNow), palette.ink2) { onEvent(BurnEvent.NotCompared) },
        )
    }

    private fun other(): View = with(context) {
        column(
            mainButton(say(Say.phoneNextStep)) { onEvent(BurnEvent.ShowsOther(Digits(typed.text.toString()))) },
            quietButton(say(Say.phoneCancel), palette.ink) { asksOther(false) },
        )
    }

    private companion object {
        const val MOST_DIGITS = 10
    }
}
