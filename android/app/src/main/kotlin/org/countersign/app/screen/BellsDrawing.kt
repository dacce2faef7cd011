package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.look.Choice
import org.countersign.app.look.Space
import org.countersign.app.look.column
import org.countersign.app.look.palette
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.bell.BellsEvent
import org.countersign.logic.bell.BellsState
import org.countersign.logic.bell.Distributor
import org.countersign.logic.bell.Missing
import org.countersign.logic.bell.notice
import org.countersign.logic.text.Say

/** How this phone tells of sign-ins: whether, by whom, and what is missing for it. */
class BellsDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (BellsEvent) -> Unit,
) : Drawing<BellsState> {
    private val on = context.toggle(Say.phoneBellOn, Say.phoneBellOnAbout) { onEvent(BellsEvent.Switch(it)) }
    private val stands = Part<Standing>(context, ::standing)
    private val through = Part<Pair<List<Distributor>, String?>>(context) { (all, chosen) -> choice(all, chosen) }

    override val view: View =
        with(context) { page(head(say(Say.phoneBellTitle), onBack), column(on, stands, through), null) }

    private data class Standing(val isOn: Boolean, val isWanted: Boolean, val missing: List<Missing>)

    override fun draw(state: BellsState) {
        on.show(state.isOn)
        stands.show(Standing(state.isOn, state.isWanted, state.missing))
        through.show((if (state.isOn) state.distributors else emptyList()) to state.chosen)
    }

    private fun standing(now: Standing): View = with(context) {
        when {
            !now.isOn -> noticeCard(Notice(Say.phoneBellOff))
            !now.isWanted -> noticeCard(Notice(Say.phoneBellNone))
            now.missing.isEmpty() -> noticeCard(Notice(Say.phoneBellWell, tone = Tone.GOOD))
            else -> column(*now.missing.map { card(it) }.toTypedArray())
        }
    }

    private fun card(missing: Missing): View =
        context.noticeCard(missing.notice()) { onEvent(BellsEvent.Mend(missing)) }

    /** One is no choice, and yet worth knowing. */
    private fun choice(all: List<Distributor>, chosen: String?): View? = with(context) {
        when (all.size) {
            0 -> null

            1 -> column(words(say(Say.phoneBellThrough)), words(all.single().name, colour = palette.ink2)).apply {
                layoutParams = row(top = Space.L)
            }

            else -> {
                val options = all.map { it.id to it.name }
                val pick = Choice(this, say(Say.phoneBellThrough), say(Say.phoneBellThroughAbout), options) {
                    onEvent(BellsEvent.Choose(it))
                }
                pick.apply { show(chosen) }.also { it.layoutParams = row(top = Space.L) }
            }
        }
    }
}
