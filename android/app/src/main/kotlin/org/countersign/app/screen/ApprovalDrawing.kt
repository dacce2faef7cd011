package org.countersign.app.screen

import android.content.Context
import android.text.InputFilter
import android.text.InputType
import android.view.Gravity
import android.view.View
import android.widget.EditText
import android.widget.FrameLayout
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
import org.countersign.app.look.column
import org.countersign.app.look.input
import org.countersign.app.look.isTall
import org.countersign.app.look.look
import org.countersign.app.look.mainButton
import org.countersign.app.look.opensKeyboard
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.speakHint
import org.countersign.app.look.words
import org.countersign.bindings.Op
import org.countersign.logic.Notice
import org.countersign.logic.approval.ApprovalEvent
import org.countersign.logic.approval.ApprovalPhase
import org.countersign.logic.approval.ApprovalState
import org.countersign.logic.approval.Asked
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.clockFace
import org.countersign.logic.text.count
import org.countersign.logic.text.plain

/** Who asks, where from, what is new about it; then the digits, or no. */
class ApprovalDrawing(
    private val context: Context,
    private val finder: Viewfinder,
    private val onEvent: (ApprovalEvent) -> Unit,
) : Drawing<ApprovalState> {
    private val asked = Part<Asked?>(context) { it?.let(context::askedView) }
    private val left = context.words("", Type.SMALL, context.palette.ink2)
    private val notice =
        Part<Notice?>(context) { it?.let { context.noticeCard(it) { act -> onEvent(ApprovalEvent.OnNotice(act)) } } }
    private val digits = digitsField()
    private val label = context.words("", colour = context.palette.ink2).apply { labelFor = digits.id }
    private val approve = context.mainButton(context.say(Say.phoneApprovalApprove)) { send() }
    private val scan =
        context.quietButton(context.say(Say.phoneApprovalScanInstead)) { onEvent(ApprovalEvent.Scan(true)) }
    private val asking = askingPage()
    private val scanning = ScanningPage(context, finder, onEvent)
    private val other = Part<Pair<ApprovalPhase, Asked?>>(context) { (phase, asked) -> otherPage(phase, asked) }
    private var wanted = 0
    private var can = false
    private var seen = false
    private val pages = FrameLayout(context).apply {
        setBackgroundColor(context.palette.surface)
        addView(asking)
        addView(other)
    }

    override val view: View get() = pages

    override fun draw(state: ApprovalState) {
        val asks = state.phase == ApprovalPhase.Asking
        val begins = asks && state.seen == null && (asking.visibility == View.GONE || wanted == 0)
        asking.visibility = if (asks) View.VISIBLE else View.GONE
        val scans = state.phase as? ApprovalPhase.Scanning
        // The camera closes with its page, and what it sees is no part that is made anew.
        if (scans == null) pages.removeView(scanning.view)
        if (scans != null && scanning.view.parent == null) pages.addView(scanning.view)
        scans?.let(scanning::draw)
        other.show((if (scans == null) state.phase else ApprovalPhase.Asking) to state.asked)
        if (asks) state.asked?.let { ask(it, state) } else digits.text.clear()
        if (begins && state.asked?.canApprove == true && context.isTall) digits.opensKeyboard()
    }

    private fun ask(now: Asked, state: ApprovalState) = with(context) {
        asked.show(now)
        notice.show(state.notice)
        seen = state.seen != null
        digits.visibility = if (seen) View.GONE else View.VISIBLE
        scan.visibility = if (seen || !finder.isThere) View.GONE else View.VISIBLE
        wanted = now.digits
        digits.filters = arrayOf(InputFilter.LengthFilter(now.digits))
        digits.speakHint(say(Say.phoneApprovalDigitsSpoken(count(now.digits))))
        digits.hint = Digits("·".repeat(now.digits)).grouped()
        label.text = say(told(now.op))
        val time = say(Say.phoneApprovalTimeLeft(plain(clockFace(now.expires, state.now))))
        left.text = listOfNotNull(time, behind(state.behind)).joinToString(" · ")
        can = now.canApprove
        allow()
    }

    private fun told(op: Op): Text = when {
        seen -> Say.phoneApprovalSeen
        op == Op.SIGN -> Say.phoneApprovalTypeDigitsSign
        else -> Say.phoneApprovalTypeDigits
    }

    private fun allow() {
        approve.isEnabled = can && (seen || digits.text.length == wanted)
        approve.alpha = if (approve.isEnabled) 1f else FAINT
    }

    private fun Context.behind(count: Int): String? = when (count) {
        0 -> null
        1 -> say(Say.phoneApprovalOneMoreWaits)
        else -> say(Say.phoneApprovalMoreWait(count(count)))
    }

    private fun send() {
        if (seen) return onEvent(ApprovalEvent.ApproveSeen)
        if (digits.text.length == wanted) onEvent(ApprovalEvent.Approve(Digits(digits.text.toString())))
        digits.text.clear()
    }

    private fun askingPage(): View = with(context) {
        page(
            head = null,
            body =
                column(
                    asked,
                    label.apply { layoutParams = row(top = Space.L) },
                    digits,
                    left.apply { layoutParams = row(top = Space.S) },
                    notice,
                    scan,
                ),
            foot =
                column(
                    approve,
                    quietButton(say(Say.phoneApprovalNotMe), palette.ink) { onEvent(ApprovalEvent.NotMe) },
                ),
        )
    }

    private fun otherPage(phase: ApprovalPhase, asked: Asked?): View? = when (phase) {
        ApprovalPhase.Asking, is ApprovalPhase.Scanning -> null

        ApprovalPhase.Loading -> context.waitingPage(Say.phoneWait, onStop = null)

        ApprovalPhase.Refusing -> context.refusingPage(asked, onEvent)

        is ApprovalPhase.Sending -> context.waitingPage(sending(phase.decision)) { onEvent(ApprovalEvent.Stop) }

        is ApprovalPhase.Over ->
            context.overPage(phase, asked, { onEvent(ApprovalEvent.NotMe) }) { onEvent(ApprovalEvent.Done) }
    }

    private fun digitsField(): EditText = context.input(InputType.TYPE_CLASS_NUMBER).apply {
        id = View.generateViewId()
        look(Type.DIGITS, context.palette.ink)
        textAlignment = View.TEXT_ALIGNMENT_CENTER
        gravity = Gravity.CENTER
        letterSpacing = WIDE
        isSaveEnabled = false
        importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
        background = context.box(context.palette.raised, border = context.palette.ink2)
        setHintTextColor(context.palette.ink2)
        // Digits go from left to right in every language.
        textDirection = View.TEXT_DIRECTION_LTR
        layoutParams = context.row(top = Space.S)
        addTextChangedListener(Changed { allow() })
    }

    private companion object {
        const val WIDE = 0.12f
        const val FAINT = 0.5f
    }
}
