package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.card
import org.countersign.app.look.column
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
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.accounts.GatewayLine
import org.countersign.logic.gateway.GatewaysEvent
import org.countersign.logic.gateway.GatewaysState
import org.countersign.logic.text.Say

/** Where this phone approves sign-ins. */
class GatewaysDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (GatewaysEvent) -> Unit,
) : Drawing<GatewaysState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val bell =
        Part<Notice?>(context) { it?.let { context.noticeCard(it) { onEvent(GatewaysEvent.Bells) } } }
    private val foot = Part<String?>(context, ::foot)
    private val rows = Part<Pair<List<GatewayLine>, List<String>>>(context) { (rows, damaged) -> rows(rows, damaged) }

    override val view: View =
        with(context) {
            page(
                head(say(Say.phoneGatewayTitle), onBack),
                column(notice, bell, rows),
                foot,
            )
        }

    override fun draw(state: GatewaysState) {
        notice.show(state.notice)
        bell.show(state.bell)
        foot.show(state.forgetting)
        rows.show(state.rows to state.damaged)
    }

    private fun foot(forgetting: String?): View = with(context) {
        when (forgetting) {
            null -> mainButton(say(Say.phoneGatewayEnrol)) { onEvent(GatewaysEvent.Enrol) }

            else -> asks(Say.phoneGatewayForgetDamagedAsk, Say.phoneGatewayForget) {
                onEvent(GatewaysEvent.Forgetting(sure = it))
            }
        }
    }

    private fun rows(rows: List<GatewayLine>, damaged: List<String>): View = with(context) {
        if (rows.isEmpty() && damaged.isEmpty()) return words(say(Say.phoneGatewayEmpty), colour = palette.ink2)
        column(*(rows.map { one(it) } + damaged.map { damaged(it) }).toTypedArray())
    }

    private fun one(gateway: GatewayLine): View = with(context) {
        val colour = if (gateway.needsCare) palette.warn else palette.ink2
        val state = words(say(gateway.state), Type.SMALL, colour).apply { layoutParams = rest() }
        val care = if (gateway.needsCare) sign(R.drawable.warning, palette.warn, Space.L) else null
        state.setPaddingRelative(if (care == null) 0 else px(Space.S), 0, 0, 0)
        val host = words(gateway.host, Type.SMALL, palette.ink2)
        val name = gateway.name.ifEmpty { gateway.host }
        card(
            words(name),
            host.takeIf { gateway.name.isNotEmpty() },
            line(care, state).apply {
                layoutParams =
                    row(top = Space.XS)
            },
        ).apply {
            background = pressed(background, palette.ink)
            minimumHeight = px(Space.TARGET)
            setOnClickListener { onEvent(GatewaysEvent.Open(gateway.id)) }
        }
    }

    private fun damaged(id: String): View = with(context) {
        val text = words(say(Say.phoneGatewayDamaged)).apply {
            layoutParams = rest()
            setPaddingRelative(px(Space.M), 0, 0, 0)
        }
        val forget = quietButton(say(Say.phoneGatewayForget), palette.danger) { onEvent(GatewaysEvent.Forget(id)) }
        card(line(sign(R.drawable.warning, palette.warn), text), forget)
    }
}
