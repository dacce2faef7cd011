package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.view.inputmethod.EditorInfo
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
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
import org.countersign.app.look.secretInput
import org.countersign.app.look.sheetInput
import org.countersign.app.look.sign
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.unlock.UnlockEvent
import org.countersign.logic.unlock.UnlockState
import org.countersign.logic.unlock.UnlockWay
import org.countersign.logic.unlock.Waiting

/** The way into the vault; a sign-in that waits stands above it and does not wait for it. */
class UnlockDrawing(private val context: Context, private val onEvent: (UnlockEvent) -> Unit) : Drawing<UnlockState> {
    private val waiting =
        Part<Waiting?>(context) { it?.let { context.waitingCard(it) { onEvent(UnlockEvent.OpenApproval) } } }
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private var send: () -> Unit = ::sendPassphrase
    private val typed =
        context.secretInput().apply {
            imeOptions = imeOptions or EditorInfo.IME_ACTION_DONE
            setOnEditorActionListener { _, _, _ ->
                send()
                true
            }
        }
    private val sheet = context.sheetInput()
    private val name = context.field(context.say(Say.phoneUnlockPassphrase), typed)
    private val sheetName = context.field(context.say(Say.phoneUnlockSheet), sheet)
    private val reminder = Part<Boolean>(context) { if (it) context.words(context.say(Say.phoneUnlockDue)) else null }
    private val main = context.mainButton(context.say(Say.phoneUnlockUnlock)) { send() }
    private val others = Part<Pair<UnlockWay, Boolean>>(context) { (way, canUseFingers) -> others(way, canUseFingers) }

    override val view: View =
        with(context) {
            page(
                head(say(Say.phoneUnlockLocked), onBack = null),
                column(waiting, reminder, name, sheetName, notice),
                column(main, others),
            )
        }

    override fun draw(state: UnlockState) {
        waiting.show(state.waiting)
        notice.show(state.notice)
        val isSheet = state.way == UnlockWay.SHEET
        reminder.show(state.isReminder && !isSheet)
        name.visibility = if (isSheet) View.GONE else View.VISIBLE
        sheetName.visibility = if (isSheet) View.VISIBLE else View.GONE
        if (!isSheet) sheet.text.clear()
        send = if (isSheet) ::sendSheet else ::sendPassphrase
        main.isEnabled = !state.waits
        main.text = context.say(if (state.waits) Say.phoneWait else Say.phoneUnlockUnlock)
        others.show(state.way to state.canUseFingers)
    }

    private fun sendPassphrase() {
        onEvent(UnlockEvent.Typed(typed.secret()))
        typed.text.clear()
    }

    /** Four lines are not typed twice because of one word: they stay. */
    private fun sendSheet() = onEvent(UnlockEvent.Typed(sheet.secret()))

    private fun others(now: UnlockWay, canUseFingers: Boolean): View = with(context) {
        val fingers =
            quietButton(say(Say.phoneUnlockByFingers)) {
                onEvent(UnlockEvent.Fingers)
            }.takeIf { canUseFingers }
        val (words, way) =
            when (now) {
                UnlockWay.PASSPHRASE -> Say.phoneUnlockBySheet to UnlockWay.SHEET
                UnlockWay.SHEET -> Say.phoneUnlockByPassphrase to UnlockWay.PASSPHRASE
            }
        column(fingers, quietButton(say(words), palette.ink2) { onEvent(UnlockEvent.Way(way)) })
    }
}

/** Sign-ins that wait: a tap opens the first. */
internal fun Context.waitingCard(waiting: Waiting, onTap: () -> Unit): View {
    val said = if (waiting.count == 1) Say.phoneUnlockOneWaits else Say.phoneUnlockSomeWait(count(waiting.count))
    val text = words(say(said), Type.TEXT).apply {
        layoutParams = rest()
        setPaddingRelative(px(Space.M), 0, 0, 0)
    }
    return line(sign(R.drawable.clock, palette.accent), text).apply {
        background = box(palette.tint)
        minimumHeight = px(Space.TARGET)
        setPadding(px(Space.L), px(Space.L), px(Space.L), px(Space.L))
        layoutParams = row(top = Space.M)
        isClickable = true
        isFocusable = true
        setOnClickListener { onTap() }
    }
}
