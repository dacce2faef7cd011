package org.countersign.app.screen

import android.content.Context
import android.content.res.ColorStateList
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.EditText
import android.widget.ProgressBar
import android.widget.TextView
import org.countersign.app.R
import org.countersign.app.look.Choice
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.field
import org.countersign.app.look.line
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.secret
import org.countersign.app.look.sign
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.burn.BurnEnd
import org.countersign.logic.burn.BurnEvent
import org.countersign.logic.burn.BurnStep
import org.countersign.logic.burn.PlanShown
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

private const val DRAWING_DP = 120
private const val SIGN_DP = 64

/** The pages of a burn. [notice] stands on whichever is shown. */
internal class BurnPages(
    private val context: Context,
    private val notice: View,
    private val onEvent: (BurnEvent) -> Unit,
) {
    private var main: Button? = null
    private val ticked = Part<List<Text>>(context) { all -> context.column(*all.map(::ticked).toTypedArray()) }
    private val newest = newest()
    private val newestLine = ticked(newest)
    private val stop = Part<Boolean>(context, ::stop)

    /** How far it is: said by the page that is there. */
    fun tell(step: BurnStep, asksStop: Boolean) {
        stop.show(asksStop)
        main?.takeIf { step is BurnStep.Passphrase }?.apply {
            val waits = (step as BurnStep.Passphrase).waits
            isEnabled = !waits
            text = context.say(if (waits) Say.phoneWait else Say.phoneNextStep)
        }
        if (step !is BurnStep.HoldToWrite) return
        val done = step.progress.done
        ticked.show(done.dropLast(1))
        val last = done.lastOrNull()?.let(context::say).orEmpty()
        if (newest.text.toString() != last) newest.text = last
        // Its place is kept, so that nothing jumps.
        newestLine.visibility = if (done.isEmpty()) View.INVISIBLE else View.VISIBLE
    }

    fun passphrase(typed: EditText): View = with(context) {
        typed.alone()
        val send = mainButton(say(Say.phoneNextStep)) {
            onEvent(BurnEvent.Typed(typed.secret()))
            typed.text.clear()
        }
        main = send
        page(
            head(say(Say.phoneBurnTitle), { onEvent(BurnEvent.Stop) }),
            column(words(say(Say.phoneBurnPassphrase)), field(say(Say.phoneUnlockPassphrase), typed), notice),
            send,
        )
    }

    /** The token is held to the back: a drawing of where, one sentence, and how far it is. */
    fun hold(words: Text, isThere: Boolean, nfc: View?, more: View?): View = with(context) {
        val text = title(say(if (isThere) Say.phoneBurnHoldOn else words)).apply {
            layoutParams = row(top = Space.L)
            accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_ASSERTIVE
        }
        val bar = ProgressBar(this, null, android.R.attr.progressBarStyleHorizontal).apply {
            isIndeterminate = true
            indeterminateTintList = ColorStateList.valueOf(palette.accent)
            // Its place is kept, so that nothing jumps.
            visibility = if (isThere) View.VISIBLE else View.INVISIBLE
            layoutParams = row(top = Space.M)
        }
        val body = if (nfc !=
            null
        ) {
            column(nfc, notice)
        } else {
            column(sign(R.drawable.token, palette.accent, DRAWING_DP), text, bar, more, notice)
        }
        page(head(say(Say.phoneBurnTitle), onBack = null), body, stop())
    }

    /** What is done, with a tick each; the newest alone is said by a screen reader. */
    fun steps(): View = context.column(ticked.alone(), newestLine.alone())

    private fun ticked(text: Text): View = ticked(context.words(context.say(text), colour = context.palette.ink2))

    private fun ticked(text: TextView): View = with(context) {
        text.layoutParams = rest()
        text.setPaddingRelative(px(Space.M), 0, 0, 0)
        line(sign(R.drawable.check, palette.accent, Space.L), text).apply { layoutParams = row(top = Space.S) }
    }

    private fun newest(): TextView = context.words("", colour = context.palette.ink2).apply {
        accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
    }

    fun keys(names: List<String>, chosen: String?): View? {
        if (names.isEmpty()) return null
        val options = listOf("" to context.say(Say.phoneBurnKeyMaker)) + names.map { it to it }
        return Choice(context, context.say(Say.phoneBurnKey), null, options) {
            onEvent(BurnEvent.UseKey(it.ifEmpty { null }))
        }
            .apply { show(chosen.orEmpty()) }
    }

    fun lost(waits: Boolean, nfc: View?): View = with(context) {
        val text = title(say(if (waits) Say.phoneBurnHoldOn else Say.phoneBurnHoldAgain)).apply {
            layoutParams = row(top = Space.L)
            accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_ASSERTIVE
        }
        val drawing = sign(R.drawable.token, palette.warn, DRAWING_DP)
        page(
            head(say(Say.phoneBurnTitle), onBack = null),
            if (nfc !=
                null
            ) {
                column(nfc, notice)
            } else {
                column(drawing, text, notice)
            },
            stop(),
        )
    }

    /** A burn that was broken off: which token it was, and that it need only be held again. */
    fun takeUp(step: BurnStep.TakeUp, nfc: View?): View = with(context) {
        val text = title(say(if (step.waits) Say.phoneBurnHoldOn else Say.phoneBurnTakeUp)).apply {
            layoutParams = row(top = Space.L)
            accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_ASSERTIVE
        }
        val another = quietButton(say(Say.phoneBurnAnother)) { onEvent(BurnEvent.WriteAnother) }
        val drawing = sign(R.drawable.token, palette.warn, DRAWING_DP).takeIf { nfc == null }
        page(
            head(say(Say.phoneBurnTitle), onBack = null),
            column(nfc, drawing, text, token(step.shown), notice),
            column(another.takeIf { !step.waits }, stop()),
        )
    }

    fun plan(shown: PlanShown): View = with(context) {
        val ground = if (shown.isErasing) palette.danger else palette.accent
        val agree =
            mainButton(say(if (shown.isErasing) Say.phoneBurnAgreeErase else Say.phoneBurnAgree), ground) {
                onEvent(BurnEvent.Agree)
            }
        page(
            head(say(Say.phoneBurnTitle), onBack = null),
            column(token(shown), erases(shown), *shown.notes.map { below(say(it)) }.toTypedArray(), notice),
            column(agree, stop()),
        )
    }

    private fun token(shown: PlanShown): View = with(context) {
        val serial = shown.serial?.let {
            words(say(Say.phoneBurnSerial(plain("\u2066$it\u2069"))), colour = palette.ink2)
        }
        column(title(say(shown.model)), serial, words(shown.account).apply { layoutParams = row(top = Space.M) })
    }

    /** What goes is red, and has a shape; where nothing goes it is one sentence. */
    private fun erases(shown: PlanShown): View = with(context) {
        val text = words(say(shown.erases)).apply {
            layoutParams = rest()
            setPaddingRelative(px(Space.M), 0, 0, 0)
        }
        val (drawing, colour) = if (shown.isErasing) {
            R.drawable.warning to palette.danger
        } else {
            R.drawable.check to
                palette.accent
        }
        card(line(sign(drawing, colour), text))
    }

    fun done(step: BurnStep.Done): View = with(context) {
        val (drawing, colour) = shape(step.end)
        val text = title(say(step.text)).apply {
            layoutParams = row(top = Space.L)
            accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        }
        val which = words(say(step.shown.model), colour = palette.ink2).apply { layoutParams = row(top = Space.S) }
        page(
            null,
            column(sign(drawing, colour, SIGN_DP), text, which, notice),
            mainButton(say(Say.phoneDone)) {
                onEvent(BurnEvent.Done)
            },
        )
    }

    /** It stands on whichever page is shown. */
    private fun stop(): View = stop.alone().apply { show(false) }

    /** A page is made anew around what stays. */
    private fun <V : View> V.alone(): V = apply { (parent as? ViewGroup)?.removeView(this) }

    private fun stop(asks: Boolean): View = with(context) {
        if (!asks) return quietButton(say(Say.phoneBurnStop), palette.ink) { onEvent(BurnEvent.Stop) }
        asks(Say.phoneBurnStopAsk, Say.phoneBurnStop, no = Say.phoneBurnStopNo) { onEvent(BurnEvent.Stopping(it)) }
    }
}

/** How a burn ended, as a shape and its colour. A token that holds something else than it should is a loss. */
internal fun Context.shape(end: BurnEnd): Pair<Int, Int> = when (end) {
    BurnEnd.PROVEN -> R.drawable.check to palette.accent
    BurnEnd.WRITTEN -> R.drawable.info to palette.warn
    BurnEnd.FAILED -> R.drawable.warning to palette.danger
}

/** The reader is off, or there is none. */
internal fun Context.noNfcCard(onSettings: () -> Unit): View =
    card(words(say(Say.phoneBurnNoNfc)), quietButton(say(Say.phoneBurnOpenNfc), onTap = onSettings))
