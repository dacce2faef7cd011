package org.countersign.app.screen

import android.content.Context
import android.view.Gravity
import android.view.View
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.entry
import org.countersign.app.look.mainButton
import org.countersign.app.look.outdented
import org.countersign.app.look.palette
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.accounts.Fact
import org.countersign.logic.gateway.GatewayEvent
import org.countersign.logic.gateway.GatewayScreenState
import org.countersign.logic.gateway.LeaveAsk
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain

/** One enrolment: what is known of it, the move to another phone, and the end of it. */
class GatewayDrawing(
    private val context: Context,
    private val onBack: () -> Unit,
    private val onEvent: (GatewayEvent) -> Unit,
) : Drawing<GatewayScreenState> {
    private val notice = Part<Notice?>(context, ::notice)
    private val care = Part<Notice?>(context, ::notice)
    private val name = Part<Pair<String, String>>(context) { (name, host) -> name(name, host) }
    private val digits = Part<Digits?>(context) { it?.let(::digits) }
    private val facts = Part<List<Fact>>(context) { context.facts(it, note = "") }
    private val phones = Part<Boolean>(context) { if (it) phones() else null }
    private val gone = Part<Boolean>(context) { if (it) context.words(context.say(Say.phoneNotFound)) else null }
    private val foot = Part<Foot>(context, ::foot)

    override val view: View =
        with(context) { page(head("", onBack), column(gone, name, care, notice, digits, facts, phones), foot) }

    private data class Foot(
        val canMove: Boolean,
        val ask: LeaveAsk?,
        val waits: Boolean,
        val host: String,
        val isGone: Boolean,
        val ended: Boolean,
    )

    override fun draw(state: GatewayScreenState) {
        gone.show(state.isGone)
        name.show(state.name to state.host)
        care.show(state.care)
        notice.show(state.notice)
        digits.show(state.digits)
        facts.show(state.facts)
        phones.show(state.hasPage)
        foot.show(Foot(state.canMove, state.ask, state.waits, state.host, state.isGone, state.notice == null))
    }

    private fun phones(): View = with(context) {
        entry(say(Say.phoneGatewayPage), say(Say.phoneGatewayPageAbout)) { onEvent(GatewayEvent.OpenPage) }
            .apply { layoutParams = outdented(top = Space.M) }
    }

    private fun notice(notice: Notice?): View? =
        notice?.let { context.noticeCard(it, onAct = enrolAgain.takeIf { _ -> it.act == Act.ENROL_AGAIN }) }

    private val enrolAgain: (Act) -> Unit get() = { onEvent(GatewayEvent.EnrolAgain) }

    private fun name(name: String, host: String): View =
        with(context) { column(title(name), words(host, colour = palette.ink2).takeIf { host != name }) }

    private fun digits(digits: Digits): View = with(context) {
        val large = words("\u2066${digits.grouped()}\u2069", Type.DIGITS).apply {
            gravity = Gravity.CENTER
            textAlignment = View.TEXT_ALIGNMENT_GRAVITY
            contentDescription = digits.spoken()
            layoutParams = row(top = Space.M)
        }
        card(words(say(Say.phoneScanEnrolType)), large)
    }

    private fun foot(foot: Foot): View? = with(context) {
        if (foot.isGone) return null
        when {
            foot.waits -> words(say(Say.phoneWait)).apply { layoutParams = row(top = Space.L) }

            foot.ask == LeaveAsk.LEAVE -> asks(
                Say.phoneGatewayLeaveAsk(plain(foot.host)),
                Say.phoneGatewayRemoveYes,
                onAnswer = ::leaving,
            )

            foot.ask == LeaveAsk.FORGET -> asks(forgetAsk(foot), Say.phoneGatewayForget, onAnswer = ::leaving)

            else ->
                column(
                    if (foot.canMove) {
                        mainButton(say(Say.phoneGatewayMove)) {
                            onEvent(GatewayEvent.Move)
                        }
                    } else {
                        null
                    },
                    quietButton(say(Say.phoneGatewayLeave), palette.danger) { onEvent(GatewayEvent.Leave) },
                )
        }
    }

    /** After the gateway could not be told, its page is still to be told. */
    private fun forgetAsk(foot: Foot) =
        if (foot.ended) Say.phoneGatewayForgetGoneAsk(plain(foot.host)) else Say.phoneGatewayForgetAsk(plain(foot.host))

    private fun leaving(sure: Boolean) = onEvent(GatewayEvent.Leaving(sure))
}
