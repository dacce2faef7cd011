package org.countersign.app.screen

import android.content.Context
import android.graphics.Rect
import android.view.View
import android.widget.ScrollView
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
import org.countersign.app.look.column
import org.countersign.app.look.line
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.sign
import org.countersign.app.look.words
import org.countersign.logic.Act
import org.countersign.logic.Lead
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.lead
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

/** Where a notice's button leads when its screen has nothing of its own for it. */
fun interface Leads {
    fun lead(lead: Lead)
}

/**
 * What happened and what to do; the technical line is behind *Details*. The button is the screen's ([onAct]), or asks again
 * ([onRetry]), or leads where it can be mended.
 */
fun Context.noticeCard(notice: Notice, onRetry: (() -> Unit)? = null, onAct: ((Act) -> Unit)? = null): View {
    val (sign, colour) =
        when (notice.tone) {
            Tone.PLAIN -> R.drawable.info to palette.ink2
            Tone.GOOD -> R.drawable.check to palette.accent
            Tone.WARN -> R.drawable.warning to palette.warn
            Tone.DANGER -> R.drawable.warning to palette.danger
        }
    val text = words(say(notice.text)).apply {
        layoutParams = rest()
        setPaddingRelative(px(Space.M), 0, 0, 0)
        accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
    }
    val act = notice.act?.let { act -> does(act, onRetry, onAct)?.let { quietButton(say(act.words()), onTap = it) } }
    return column(line(sign(sign, colour), text), act, notice.detail?.let { details(it) }).apply {
        background = box(palette.raised, border = palette.line)
        setPadding(px(Space.L), px(Space.L), px(Space.L), px(Space.S))
        layoutParams = row(top = Space.M)
        addOnAttachStateChangeListener(IntoSight())
    }
}

/** What is told below the fold of a long page that is there already would not be seen: the page goes to it. */
private class IntoSight :
    View.OnAttachStateChangeListener,
    View.OnLayoutChangeListener {
    override fun onViewAttachedToWindow(v: View) {
        val page = generateSequence(v.parent) { it.parent }.firstOrNull { it is ScrollView } as ScrollView?
        if (page?.isLaidOut == true) v.addOnLayoutChangeListener(this)
    }

    override fun onViewDetachedFromWindow(v: View) = v.removeOnLayoutChangeListener(this)

    override fun onLayoutChange(v: View, l: Int, t: Int, r: Int, b: Int, ol: Int, ot: Int, or: Int, ob: Int) {
        v.removeOnLayoutChangeListener(this)
        // The page itself is not laid out to its end yet.
        v.post { v.requestRectangleOnScreen(Rect(0, 0, v.width, v.height), true) }
    }
}

private fun Context.does(act: Act, onRetry: (() -> Unit)?, onAct: ((Act) -> Unit)?): (() -> Unit)? {
    val lead = act.lead()
    return when {
        onAct != null -> ({ onAct(act) })
        lead != null -> ({ (this as? Leads)?.lead(lead) })
        else -> onRetry
    }
}

private fun Context.details(detail: String): View {
    val line = words(detail, Type.SMALL, palette.ink2).apply {
        visibility = View.GONE
        setTextIsSelectable(true)
    }
    val open = quietButton(say(Say.phoneDetails), palette.ink2) {
        line.visibility = if (line.visibility == View.GONE) View.VISIBLE else View.GONE
    }
    return column(open, line)
}

private fun Act.words(): Text = when (this) {
    Act.RETRY, Act.CHECK_NETWORK -> Say.phoneRetry
    Act.UNLOCK -> Say.phoneActUnlock
    Act.SCREEN_LOCK -> Say.phoneActScreenLock
    Act.SET_CLOCK -> Say.phoneActSetClock
    Act.ENROL_AGAIN -> Say.phoneActEnrolAgain
    Act.UPDATE -> Say.phoneActUpdate
    Act.FREE_SPACE -> Say.phoneActFreeSpace
    Act.BELLS -> Say.phoneBellActSee
    Act.DAMAGE -> Say.phoneAccountsDamageSee
    Act.ALLOW -> Say.phoneBellActAllow
    Act.SETTINGS -> Say.phoneBellActSettings
}
