package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.widget.CheckBox
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.column
import org.countersign.app.look.field
import org.countersign.app.look.look
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.reveal
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.secret
import org.countersign.app.look.secretInput
import org.countersign.app.look.sign
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.text.Say
import org.countersign.logic.unlock.FirstAim
import org.countersign.logic.unlock.FirstRunEvent
import org.countersign.logic.unlock.FirstRunState
import org.countersign.logic.unlock.FirstRunStep

private const val MARK_DP = 72

/** What this is, a passphrase, and the fingerprint. */
class FirstRunDrawing(private val context: Context, private val onEvent: (FirstRunEvent) -> Unit) :
    Drawing<FirstRunState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val passphrase = context.secretInput()
    private val again = context.secretInput()
    private val step = Part<Pair<FirstRunStep, Boolean>>(context) { (step, hasLock) -> make(step, hasLock) }

    override val view: View = step

    override fun draw(state: FirstRunState) {
        step.show(state.step.plain() to state.hasScreenLock)
        notice.show(state.notice)
        waits(state.step)
    }

    /** Waiting changes no field: what was typed stays. */
    private fun FirstRunStep.plain(): FirstRunStep = when (this) {
        FirstRunStep.Welcome -> this
        is FirstRunStep.Passphrase -> copy(waits = false)
        is FirstRunStep.Fingers -> copy(waits = false)
    }

    private fun waits(now: FirstRunStep) {
        val waits = (now as? FirstRunStep.Passphrase)?.waits ?: (now as? FirstRunStep.Fingers)?.waits ?: false
        step.findViewWithTag<android.widget.Button>(MAIN)?.apply {
            isEnabled = !waits
            if (now is FirstRunStep.Passphrase) {
                text = context.say(if (waits) Say.phoneUnlockMaking else Say.phoneNextStep)
            }
        }
    }

    private fun make(step: FirstRunStep, hasLock: Boolean): View {
        (notice.parent as? android.view.ViewGroup)?.removeView(notice)
        return when (step) {
            FirstRunStep.Welcome -> welcome(hasLock)
            is FirstRunStep.Passphrase -> choose()
            is FirstRunStep.Fingers -> fingers()
        }
    }

    private fun welcome(hasLock: Boolean): View = with(context) {
        val mark = sign(R.drawable.strokes, palette.accent, MARK_DP)
        val sentences = listOf(Say.phoneUnlockWelcomeKept, Say.phoneUnlockWelcomeFree).map { below(say(it)) }
        val about = title(say(Say.phoneUnlockWelcome)).apply { layoutParams = row(top = Space.XL) }
        val lock = if (hasLock) null else noticeCard(NO_LOCK) { onEvent(FirstRunEvent.OpenScreenLock) }
        val body = column(mark, about, *sentences.toTypedArray(), lock, notice)
        page(
            head = null,
            body = body,
            foot =
                column(
                    mainButton(say(Say.phoneUnlockAddAccount)) {
                        onEvent(FirstRunEvent.Begin(FirstAim.ADD_ACCOUNT))
                    },
                    quietButton(say(Say.phoneUnlockHaveBackup)) { onEvent(FirstRunEvent.Begin(FirstAim.RESTORE)) },
                ),
        ).apply { body.setPadding(px(Space.XL), px(Space.XXL), px(Space.XL), px(Space.L)) }
    }

    private fun choose(): View = with(context) {
        val shows =
            CheckBox(this).apply {
                text = say(Say.phoneUnlockShowPassphrase)
                look(Type.TEXT, palette.ink)
                minHeight = px(Space.TARGET)
                setOnCheckedChangeListener { _, shown -> listOf(passphrase, again).forEach { it.reveal(shown) } }
            }
        page(
            head(say(Say.phoneUnlockChoosePassphrase), { onEvent(FirstRunEvent.Back) }),
            column(
                words(say(Say.phoneUnlockChoosePassphraseAbout), colour = palette.ink2),
                field(say(Say.phoneUnlockPassphrase), passphrase),
                field(say(Say.phoneUnlockPassphraseAgain), again),
                shows,
                notice,
            ),
            mainButton(say(Say.phoneNextStep)) {
                onEvent(FirstRunEvent.Chose(passphrase.secret(), again.secret()))
            }.apply { tag = MAIN },
        )
    }

    private fun fingers(): View = with(context) {
        passphrase.text.clear()
        again.text.clear()
        page(
            head(say(Say.phoneUnlockFingersTitle), onBack = null),
            column(words(say(Say.phoneUnlockFingersAbout), colour = palette.ink2), notice),
            column(
                mainButton(say(Say.phoneUnlockFingersYes)) { onEvent(FirstRunEvent.Fingers(true)) }.apply {
                    tag =
                        MAIN
                },
                quietButton(say(Say.phoneUnlockFingersNo)) { onEvent(FirstRunEvent.Fingers(false)) },
            ),
        )
    }

    private companion object {
        const val MAIN = "main"
        val NO_LOCK = Notice(Say.phoneUnlockNoScreenLock, Act.SCREEN_LOCK, tone = Tone.WARN)
    }
}

/** A sentence below another. */
internal fun Context.below(words: CharSequence): View =
    words(words, colour = palette.ink2).apply { layoutParams = row(top = Space.M) }
