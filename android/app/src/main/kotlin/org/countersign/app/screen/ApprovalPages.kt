package org.countersign.app.screen

import android.content.Context
import android.graphics.Typeface
import android.view.View
import android.widget.LinearLayout
import android.widget.ProgressBar
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
import org.countersign.app.look.column
import org.countersign.app.look.isNarrow
import org.countersign.app.look.line
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.pressed
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.sign
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.approval.ApprovalEnd
import org.countersign.logic.approval.ApprovalEvent
import org.countersign.logic.approval.ApprovalPhase
import org.countersign.logic.approval.Asked
import org.countersign.logic.approval.ContextFact
import org.countersign.logic.approval.Decision
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

private const val NAMES_DP = 88
private const val SIGN_DP = 64

/** What is asked, by whom, and where it comes from. */
internal fun Context.askedView(asked: Asked): View {
    val host = words(asked.host).apply { layoutParams = row(top = Space.XS) }
    val message = asked.message?.let { text ->
        words(text).apply {
            background = box(palette.raised, border = palette.line)
            setPadding(px(Space.L), px(Space.L), px(Space.L), px(Space.L))
            layoutParams = row(top = Space.M)
            setTextIsSelectable(true)
        }
    }
    val facts = column(*asked.facts.map { factRow(it) }.toTypedArray()).apply { layoutParams = row(top = Space.M) }
    val stated = asked.stated?.let { words(say(it), Type.SMALL, palette.ink2) }
    return column(words(say(asked.title), colour = palette.ink2), title(asked.app), host, message, facts, stated)
}

internal fun Context.factRow(fact: ContextFact): View {
    val name = words(say(fact.name), colour = palette.ink2)
    val value = column(words(say(fact.value)), fact.remark?.let { words(say(it), Type.SMALL, palette.warn) })
    value.layoutParams = rest()
    val mark = if (fact.isNew) newMark() else null
    if (isNarrow) return column(name, line(value, mark)).apply { layoutParams = row(top = Space.M) }
    name.layoutParams = LinearLayout.LayoutParams(px(NAMES_DP), LinearLayout.LayoutParams.WRAP_CONTENT)
    name.setPaddingRelative(0, 0, px(Space.S), 0)
    return line(name, value, mark).apply { layoutParams = row(top = Space.S) }
}

/** «New» is a word, not a colour. */
private fun Context.newMark(): View = words(say(Say.phoneApprovalIsNew), Type.SMALL, palette.accent).apply {
    background = box(palette.tint, Space.S)
    setPadding(px(Space.S), px(Space.XS), px(Space.S), px(Space.XS))
}

/** *No, this isn't me* asks one thing. */
internal fun Context.refusingPage(asked: Asked?, onEvent: (ApprovalEvent) -> Unit): View {
    val cancel = choice(say(Say.phoneApprovalJustCancel), say(Say.phoneApprovalJustCancelAbout), palette.ink) {
        onEvent(ApprovalEvent.JustCancel)
    }
    val report = choice(say(Say.phoneApprovalSomeone), say(Say.phoneApprovalSomeoneAbout), palette.danger) {
        onEvent(ApprovalEvent.SomeoneHasMyPassword)
    }
    return page(
        head(say(Say.phoneApprovalNotMeTitle), { onEvent(ApprovalEvent.BackToDigits) }),
        column(
            asked?.let { words("${it.app} · ${it.host}", colour = palette.ink2) },
            cancel.takeIf { asked?.canDeny != false },
            report.takeIf { asked?.canReport != false },
        ),
        foot = null,
    )
}

/** One of few ways on, with what it does. */
internal fun Context.choice(name: CharSequence, about: CharSequence, colour: Int, onTap: () -> Unit): View {
    val head = words(name, Type.TEXT, colour).apply { typeface = Typeface.create("sans-serif-medium", Typeface.NORMAL) }
    return column(head, words(about, colour = palette.ink2)).apply {
        background = pressed(box(palette.raised, border = palette.line), colour)
        minimumHeight = px(Space.TARGET)
        setPadding(px(Space.L), px(Space.L), px(Space.L), px(Space.L))
        layoutParams = row(top = Space.M)
        setOnClickListener { onTap() }
    }
}

/** Something is under way, and can be stopped. */
internal fun Context.waitingPage(words: Text, onStop: (() -> Unit)?): View {
    val wheel = ProgressBar(this).apply {
        isIndeterminate = true
        indeterminateTintList = android.content.res.ColorStateList.valueOf(palette.accent)
        layoutParams = LinearLayout.LayoutParams(px(SIGN_DP), px(SIGN_DP))
    }
    val text = title(say(words)).apply {
        layoutParams = row(top = Space.L)
        accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
    }
    return page(null, column(wheel, text), onStop?.let { quietButton(say(Say.phoneApprovalStop), palette.ink, it) })
}

internal fun sending(decision: Decision): Text = when (decision) {
    Decision.APPROVE -> Say.phoneApprovalApproving
    Decision.DENY -> Say.phoneApprovalDenying
    Decision.REPORT -> Say.phoneApprovalReporting
}

/** What was done, by a shape and by words, and what to do next. */
internal fun Context.overPage(over: ApprovalPhase.Over, asked: Asked?, onNotMe: () -> Unit, onDone: () -> Unit): View {
    val (drawing, colour) =
        when (over.end) {
            ApprovalEnd.APPROVED -> R.drawable.check to palette.accent
            ApprovalEnd.DENIED -> R.drawable.close to palette.ink2
            ApprovalEnd.REPORTED -> R.drawable.flag to palette.danger
            ApprovalEnd.FAILED -> R.drawable.warning to palette.danger
            ApprovalEnd.EXPIRED -> R.drawable.clock to palette.ink2
            ApprovalEnd.ELSEWHERE, ApprovalEnd.UNKNOWN -> R.drawable.info to palette.ink2
        }
    val text = title(say(over.text)).apply {
        layoutParams = row(top = Space.L)
        accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
    }
    val where = asked?.let {
        words("${it.app} · ${it.host}", colour = palette.ink2).apply {
            layoutParams =
                row(top = Space.S)
        }
    }
    val notMe = quietButton(say(Say.phonePastNotMe), palette.ink, onNotMe)
        .takeIf { over.canBeWrong && asked != null && (asked.canDeny || asked.canReport) }
    return page(
        null,
        column(sign(drawing, colour, SIGN_DP), text, where),
        column(mainButton(say(Say.phoneDone), onTap = onDone), notMe),
    )
}
