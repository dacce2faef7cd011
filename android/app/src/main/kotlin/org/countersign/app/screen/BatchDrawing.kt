package org.countersign.app.screen

import android.content.Context
import android.text.InputType
import android.view.View
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.column
import org.countersign.app.look.field
import org.countersign.app.look.input
import org.countersign.app.look.line
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.sign
import org.countersign.app.look.words
import org.countersign.bindings.BatchEntry
import org.countersign.logic.Notice
import org.countersign.logic.burn.BatchEvent
import org.countersign.logic.burn.BatchState
import org.countersign.logic.text.Say
import org.countersign.logic.text.count

/** One batch: how far it is, large, and the next token. */
class BatchDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (BatchEvent) -> Unit,
) : Drawing<BatchState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val count = context.words("", Type.CODE)
    private val rows = Part<List<BatchEntry>>(context) { context.column(*it.map(::one).toTypedArray()) }
    private val serial =
        context.input(InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS).apply {
            textDirection = View.TEXT_DIRECTION_LTR
            isSaveEnabled = false
        }
    private val named = context.field(context.say(Say.phoneBatchNextSerial), serial)
    private val next = context.mainButton(context.say(Say.phoneBatchNext)) {
        onEvent(BatchEvent.Next(serial.text.toString()))
        serial.text.clear()
    }

    override val view: View =
        with(context) {
            page(
                head(say(Say.phoneBatchTitle), onBack),
                column(
                    count,
                    notice,
                    named,
                    rows.apply {
                        layoutParams =
                            row(top = Space.L)
                    },
                ),
                next,
            )
        }

    override fun draw(state: BatchState) {
        count.text =
            if (state.loads) "" else context.say(Say.phoneBatchDoneOf(count(state.done), count(state.entries.size)))
        notice.show(state.notice)
        rows.show(state.entries)
        val isThere = !state.loads && state.done < state.entries.size
        listOf(named, next).forEach { it.visibility = if (isThere) View.VISIBLE else View.GONE }
    }

    private fun one(entry: BatchEntry): View = with(context) {
        val token = entry.token
        val who = listOf(entry.seed.issuer, entry.seed.name).filter { it.isNotEmpty() }.joinToString(": ")
        val serial = token ?: entry.seed.serial.orEmpty()
        val name = words(who.ifEmpty { serial.ifEmpty { entry.seed.line.toString() } })
        val below = words(serial, Type.SMALL, palette.ink2).takeIf { serial.isNotEmpty() && who.isNotEmpty() }
        val text = column(name, below).apply {
            layoutParams = rest()
            setPaddingRelative(px(Space.M), 0, 0, 0)
        }
        val mark = sign(
            if (token ==
                null
            ) {
                R.drawable.token
            } else {
                R.drawable.check
            },
            if (token == null) palette.ink2 else palette.accent,
        )
        line(mark, text).apply { layoutParams = row(top = Space.M) }
    }
}
