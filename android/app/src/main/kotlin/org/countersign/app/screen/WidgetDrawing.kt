package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.widget.LinearLayout
import org.countersign.app.look.Space
import org.countersign.app.look.Toggle
import org.countersign.app.look.column
import org.countersign.app.look.palette
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.widget.WIDGET_MOST
import org.countersign.logic.widget.WidgetEvent
import org.countersign.logic.widget.WidgetRow
import org.countersign.logic.widget.WidgetState

/** A switch for each account: whether its name stands on the home screen. */
class WidgetDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (WidgetEvent) -> Unit,
) : Drawing<WidgetState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it, { onEvent(WidgetEvent.Changed) }) } }
    private val none = Part<Boolean>(context) { if (it) context.below(context.say(Say.phoneAccountsEmpty)) else null }
    private val full = Part<Boolean>(context) { if (it) full() else null }
    private val switches = Part<List<WidgetRow>>(context, ::switches)
    private var made: Map<ULong, Toggle> = emptyMap()

    override val view: View = with(context) {
        val about = words(say(Say.phoneWidgetAbout), colour = palette.ink2)
        page(head(say(Say.phoneSettingsWidgets), onBack), column(about, notice, none, full, switches), null)
    }

    override fun draw(state: WidgetState) {
        notice.show(state.notice)
        none.show(!state.loads && state.notice == null && state.rows.isEmpty())
        full.show(state.isFull)
        // Who switches one stays on it.
        switches.show(state.rows.map { it.copy(isOn = false) })
        state.rows.forEach { row ->
            made[row.id]?.show(row.isOn)
            made[row.id]?.isEnabled = row.isOn || !state.isFull
        }
    }

    private fun full(): View = context.below(context.say(Say.phoneWidgetFull(count(WIDGET_MOST))))

    private fun switches(rows: List<WidgetRow>): LinearLayout {
        made = rows.associate { row ->
            row.id to Toggle(context, row.title, row.subtitle.ifEmpty { null }) { onEvent(WidgetEvent.Put(row.id, it)) }
        }
        return context.column(*made.values.toTypedArray()).apply { layoutParams = context.row(top = Space.M) }
    }
}
