package org.countersign.logic.gateway

import org.countersign.bindings.GatewayRow
import org.countersign.bindings.GatewayState
import org.countersign.logic.Act
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Step
import org.countersign.logic.Tone
import org.countersign.logic.Wish
import org.countersign.logic.accounts.Fact
import org.countersign.logic.accounts.GatewayLine
import org.countersign.logic.accounts.clockNotice
import org.countersign.logic.accounts.gatewayLine
import org.countersign.logic.accounts.gatewayWord
import org.countersign.logic.approval.staleNotice
import org.countersign.logic.bell.BellCalls
import org.countersign.logic.bell.bellNotice
import org.countersign.logic.core.GatewayCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Day
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain

/** All enrolments, those that cannot be read among them. */
data class GatewaysState(
    val rows: List<GatewayLine>,
    val damaged: List<String>,
    val notice: Notice?,
    /** Why sign-ins may be told late, or not at all. */
    val bell: Notice?,
    /** One that cannot be read, of which it is asked whether it shall be forgotten. */
    val forgetting: String? = null,
) : Screen

sealed interface GatewaysEvent {
    data object Changed : GatewaysEvent

    data class Open(val id: String) : GatewaysEvent

    data object Enrol : GatewaysEvent

    /** Asks whether one whose file cannot be read shall be forgotten. */
    data class Forget(val id: String) : GatewaysEvent

    data class Forgetting(val sure: Boolean) : GatewaysEvent

    /** Something keeps sign-ins from being told: the page that says what. */
    data object Bells : GatewaysEvent

    data class Failed(val notice: Notice?) : GatewaysEvent
}

class GatewaysLogic(private val gateways: GatewayCalls, private val bells: BellCalls) :
    Logic<GatewaysState, GatewaysEvent> {
    override fun begin(): Step<GatewaysState, GatewaysEvent> = Step(read(null))

    override fun on(state: GatewaysState, event: GatewaysEvent): Step<GatewaysState, GatewaysEvent> = when (event) {
        GatewaysEvent.Changed -> Step(read(null).asking(state.forgetting))
        is GatewaysEvent.Open -> Step(state, go = Go.To(Route.Gateway(event.id)))
        GatewaysEvent.Enrol -> Step(state, go = Go.To(Route.Scan))
        is GatewaysEvent.Forget -> Step(state.copy(forgetting = event.id, notice = null))
        is GatewaysEvent.Forgetting -> forget(state, state.forgetting.takeIf { event.sure })
        GatewaysEvent.Bells -> Step(state, go = Go.To(Route.Bells))
        is GatewaysEvent.Failed -> Step(read(event.notice))
    }

    override fun back(state: GatewaysState): GatewaysEvent? =
        state.forgetting?.let { GatewaysEvent.Forgetting(sure = false) }

    private fun read(notice: Notice?) = GatewaysState(
        gateways.gateways().map(::gatewayLine),
        gateways.damagedEnrolments().map { it.id },
        notice,
        bellNotice(bells.facts()),
    )

    private fun forget(state: GatewaysState, id: String?): Step<GatewaysState, GatewaysEvent> {
        val shown = state.copy(forgetting = null)
        if (id == null) return Step(shown)
        return Step(shown, ask = {
            asking(GatewaysEvent::Failed) {
                gateways.forget(id)
                GatewaysEvent.Changed
            }
        })
    }
}

/** The question stays while what it is about is there. */
private fun GatewaysState.asking(id: String?) = copy(forgetting = id.takeIf { it in damaged })

/** One enrolment. */
data class GatewayScreenState(
    val name: String,
    val host: String,
    val facts: List<Fact>,
    /** What to type on the page, while the enrolment waits for it. */
    val digits: Digits?,
    val canMove: Boolean,
    /** The gateway knows this phone: its page lists all that the person has. */
    val hasPage: Boolean,
    /** Why it needs care: its clock, its keys, its end. */
    val care: Notice?,
    val ask: LeaveAsk?,
    val waits: Boolean,
    val isGone: Boolean,
    val notice: Notice?,
) : Screen

/** What is asked before this phone leaves. */
enum class LeaveAsk { LEAVE, FORGET }

sealed interface GatewayEvent {
    data object Changed : GatewayEvent

    data object Move : GatewayEvent

    /** The page on which all phones of the person stand. */
    data object OpenPage : GatewayEvent

    data object Leave : GatewayEvent

    data class Leaving(val sure: Boolean) : GatewayEvent

    data object EnrolAgain : GatewayEvent

    data object Left : GatewayEvent

    data class NotLeft(val notice: Notice?) : GatewayEvent
}

class GatewayLogic(private val id: String, private val gateways: GatewayCalls) :
    Logic<GatewayScreenState, GatewayEvent> {
    private val first = GatewayScreenState("", "", emptyList(), null, false, false, null, null, false, true, null)

    override fun begin(): Step<GatewayScreenState, GatewayEvent> = Step(read(first))

    override fun on(state: GatewayScreenState, event: GatewayEvent): Step<GatewayScreenState, GatewayEvent> =
        when (event) {
            GatewayEvent.Changed -> Step(read(state))

            GatewayEvent.Move -> Step(state, go = Go.To(Route.Move(id)).takeIf { state.canMove })

            GatewayEvent.OpenPage -> Step(state, wish = Wish.OpenPage(state.host).takeIf { state.hasPage })

            GatewayEvent.Leave -> Step(state.copy(ask = if (knowsUs()) LeaveAsk.LEAVE else LeaveAsk.FORGET))

            is GatewayEvent.Leaving -> leaving(state, event.sure)

            GatewayEvent.EnrolAgain -> Step(state, go = Go.To(Route.Scan))

            GatewayEvent.Left -> Step(state, go = Go.Back)

            is GatewayEvent.NotLeft -> Step(
                read(state).copy(waits = false, notice = event.notice, ask = forgetAfter(state)),
            )
        }

    private fun row(): GatewayRow? = gateways.gateways().find { it.id == id }

    /** Of one that ended, or whose keys are gone, nothing can be asked there: it is forgotten here. */
    private fun knowsUs(): Boolean {
        val stands = row()?.state
        return stands is GatewayState.Active || stands is GatewayState.Suspended || stands is GatewayState.Pending
    }

    /** A gateway that could not be told may be forgotten here all the same; that is asked, never done by itself. */
    private fun forgetAfter(state: GatewayScreenState) = if (state.ask == LeaveAsk.LEAVE) LeaveAsk.FORGET else null

    private fun leaving(state: GatewayScreenState, sure: Boolean): Step<GatewayScreenState, GatewayEvent> {
        val ask = state.ask
        if (!sure || ask == null) return Step(state.copy(ask = null))
        return Step(state.copy(waits = true, notice = null), ask = {
            asking(GatewayEvent::NotLeft) {
                if (ask == LeaveAsk.LEAVE) gateways.leave(id) else gateways.forget(id)
                GatewayEvent.Left
            }
        })
    }

    private fun read(state: GatewayScreenState): GatewayScreenState {
        val row = row() ?: return first.copy(notice = state.notice)
        return state.copy(
            name = row.name.ifEmpty { row.host },
            host = row.host,
            facts = facts(row),
            digits = (row.state as? GatewayState.Pending)?.let { Digits(it.digits) },
            canMove = row.state is GatewayState.Active && !row.outdated,
            hasPage = knowsUs(),
            care = care(row),
            isGone = false,
        )
    }
}

private fun facts(row: GatewayRow): List<Fact> = listOfNotNull(
    Fact(Say.phoneGatewayAccount, plain(row.acct)).takeIf { row.acct.isNotEmpty() },
    Fact(Say.phoneGatewayState, gatewayWord(row.state)),
    Fact(Say.phoneGatewaySince, Day(row.since)),
)

private fun care(row: GatewayRow): Notice? = when (val stands = row.state) {
    is GatewayState.Gone -> Notice(goneText(stands.why), tone = Tone.WARN)
    is GatewayState.KeysGone -> Notice(Say.errorKeyGone, Act.ENROL_AGAIN, tone = Tone.WARN)
    is GatewayState.Suspended -> Notice(Say.phoneGatewaySuspended, tone = Tone.WARN)
    is GatewayState.Damaged -> Notice(Say.errorGatewayDamaged, tone = Tone.WARN)
    is GatewayState.Pending -> Notice(Say.tuiAboutPending)
    is GatewayState.Asking -> Notice(Say.tuiAboutJoining)
    is GatewayState.Active -> activeCare(row)
}

private fun activeCare(row: GatewayRow): Notice? = when {
    row.outdated -> Notice(Say.errorVersion, tone = Tone.WARN)
    else -> staleNotice(row.stale) ?: clockNotice(row.clockAhead)
}
