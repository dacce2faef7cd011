package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.look.column
import org.countersign.app.look.mainButton
import org.countersign.app.look.say
import org.countersign.logic.Notice
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.unlock.DamageEvent
import org.countersign.logic.unlock.DamageState

/** What the unlock found damaged, a card each. */
class DamageDrawing(private val context: Context, private val onEvent: (DamageEvent) -> Unit) : Drawing<DamageState> {
    private val found = Part<List<Text>>(context) { all ->
        context.column(*all.map { context.noticeCard(Notice(it)) }.toTypedArray())
    }
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val seen = context.mainButton(context.say(Say.phoneAccountsDamageSeen)) { onEvent(DamageEvent.Seen) }

    override val view: View = with(context) {
        page(head(say(Say.phoneAccountsDamageTitle), { onEvent(DamageEvent.Back) }), column(found, notice), seen)
    }

    override fun draw(state: DamageState) {
        found.show(state.found)
        notice.show(state.notice)
        seen.isEnabled = !state.waits
        seen.text = context.say(if (state.waits) Say.phoneWait else Say.phoneAccountsDamageSeen)
    }
}
