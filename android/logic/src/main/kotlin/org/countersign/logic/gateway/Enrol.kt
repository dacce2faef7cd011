package org.countersign.logic.gateway

import org.countersign.bindings.CountersignException
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.GatewayState
import org.countersign.bindings.GoneWhy
import org.countersign.bindings.PortFault
import org.countersign.logic.Act
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.Screen
import org.countersign.logic.SettingsPage
import org.countersign.logic.Step
import org.countersign.logic.Tone
import org.countersign.logic.Wish
import org.countersign.logic.bell.BellCalls
import org.countersign.logic.bell.Missing
import org.countersign.logic.bell.missing
import org.countersign.logic.core.GatewayCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.scan.Found
import org.countersign.logic.step
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

/** A phone joins a gateway: the host is shown and agreed to, then six digits go to the page. */
data class EnrolState(
    val now: ULong,
    val host: String,
    /** The gateway's name, once it is proven by the link. */
    val name: String?,
    val step: EnrolStep,
    val notice: Notice?,
    /** The phone asks next whether it may notify: this is said before. */
    val willAsk: Boolean,
    /** It is asked whether what is under way shall end. */
    val asksEnd: Boolean = false,
) : Screen {
    /** The person's hands type on the page. */
    override val staysAwake: Boolean get() = step is EnrolStep.Pending
}

sealed interface EnrolStep {
    /** The link is gone with the process: it is scanned again. */
    data object NoLink : EnrolStep

    data object Asking : EnrolStep

    data object Enrolling : EnrolStep

    /** The digits to type on the page. */
    data class Pending(val id: String, val digits: Digits, val until: ULong) : EnrolStep

    data object Joined : EnrolStep

    data class Ended(val text: Text) : EnrolStep
}

sealed interface EnrolEvent {
    data object Agree : EnrolEvent

    /** Leaves the screen; what is under way goes on by itself, and stands among the gateways. */
    data object Stop : EnrolEvent

    /** Ends what is under way: it is asked first. */
    data object End : EnrolEvent

    data class Ending(val sure: Boolean) : EnrolEvent

    data object ScanAgain : EnrolEvent

    data object Done : EnrolEvent

    data object Tick : EnrolEvent

    data object Changed : EnrolEvent

    data class Named(val name: String) : EnrolEvent

    data class Pending(val step: EnrolStep.Pending) : EnrolEvent

    data class OnNotice(val act: Act?) : EnrolEvent

    data class Failed(val notice: Notice?) : EnrolEvent
}

private typealias EnrolNext = Step<EnrolState, EnrolEvent>

class EnrolLogic(
    private val offer: Found.Enrolment?,
    private val gateways: GatewayCalls,
    private val bells: BellCalls,
    private val now: Now,
) : Logic<EnrolState, EnrolEvent> {
    override fun begin(): EnrolNext {
        val offer = offer ?: return Step(broken())
        return asked(EnrolState(now(), offer.offer.host, null, EnrolStep.Asking, null, willAsk = false))
    }

    /** The app died meanwhile: what it had sent is gone on with, and what was only scanned is scanned again. */
    private fun broken(): EnrolState {
        val state = EnrolState(now(), "", null, EnrolStep.NoLink, null, willAsk = false)
        val row = gateways.gateways().filter(::isUnderWay).maxByOrNull { it.since } ?: return state
        return state.copy(host = row.host, name = row.name, step = waiting(row) ?: EnrolStep.Enrolling)
    }

    override fun on(state: EnrolState, event: EnrolEvent): EnrolNext = when (event) {
        EnrolEvent.Agree -> agree(state)
        EnrolEvent.Stop -> Step(state, go = Go.Back, stop = true)
        EnrolEvent.End -> Step(state.copy(asksEnd = true, notice = null))
        is EnrolEvent.Ending -> ending(state.copy(asksEnd = false), event.sure)
        EnrolEvent.ScanAgain -> Step(state, go = Go.Instead(Route.Scan))
        EnrolEvent.Done -> Step(state, go = Go.Home, wish = Wish.AskToNotify.takeIf { state.willAsk })
        EnrolEvent.Tick, EnrolEvent.Changed -> Step(read(state).settled())
        is EnrolEvent.Named -> Step(state.copy(name = event.name))
        is EnrolEvent.Pending -> Step(read(state.copy(step = event.step)).settled())
        is EnrolEvent.OnNotice -> onNotice(state, event.act)
        is EnrolEvent.Failed -> failed(state, event.notice)
    }

    private fun onNotice(state: EnrolState, act: Act?): EnrolNext = when (act) {
        Act.RETRY, Act.CHECK_NETWORK -> asked(state.copy(notice = null))
        null -> Step(state)
        else -> act.step(state)
    }

    private fun asked(state: EnrolState): EnrolNext {
        val link = offer?.link ?: return Step(state)
        return Step(state, ask = { asking(EnrolEvent::Failed) { EnrolEvent.Named(gateways.enrolName(link)) } })
    }

    private fun agree(state: EnrolState): EnrolNext {
        val link = offer?.link
        if (link == null || state.step != EnrolStep.Asking) return Step(state)
        return Step(state.copy(step = EnrolStep.Enrolling, notice = null), ask = {
            asking(EnrolEvent::Failed) {
                try {
                    val joining = gateways.enrol(link)
                    EnrolEvent.Pending(EnrolStep.Pending(joining.id, Digits(joining.digits), joining.until))
                } catch (fault: CountersignException.Port) {
                    if (fault.fault == PortFault.UNAVAILABLE) EnrolEvent.Failed(NO_LOCK) else throw fault
                }
            }
        })
    }

    override fun back(state: EnrolState): EnrolEvent? = EnrolEvent.Ending(sure = false).takeIf { state.asksEnd }

    /** The gateway is told, so that nothing waits there for digits that nobody types. */
    private fun ending(state: EnrolState, sure: Boolean): EnrolNext {
        if (!sure) return Step(state)
        val id = (state.step as? EnrolStep.Pending)?.id ?: underWay(state)?.id ?: return on(state, EnrolEvent.Stop)
        return Step(state, stop = true, ask = {
            asking(EnrolEvent::Failed) {
                gateways.leave(id)
                EnrolEvent.Stop
            }
        })
    }

    /** What became of it: the gateway is asked by who asks all of them, and what was interrupted is finished so too. */
    private fun read(state: EnrolState): EnrolState = when (val step = state.step) {
        is EnrolStep.Pending -> pending(state, step)
        EnrolStep.Enrolling -> state.copy(now = now(), step = underWay(state)?.let(::waiting) ?: step)
        else -> state.copy(now = now())
    }

    private fun pending(state: EnrolState, step: EnrolStep.Pending): EnrolState {
        val moved = state.copy(now = now())
        val row = gateways.gateways().find { it.id == step.id }
        return when (val stands = row?.state) {
            is GatewayState.Active -> moved.copy(
                name = row.name,
                step = EnrolStep.Joined,
                notice = null,
                willAsk = willAsk(),
            )

            is GatewayState.Gone -> moved.copy(step = EnrolStep.Ended(goneText(stands.why)), notice = null)

            null -> moved.copy(step = EnrolStep.Ended(Say.tuiJoinGone), notice = null)

            else -> {
                val isLate = step.until <= moved.now
                if (isLate) moved.copy(step = EnrolStep.Ended(Say.errorCodeExpired)) else moved
            }
        }
    }

    private fun willAsk() = Missing.NotAsked in missing(bells.facts())

    /** The enrolment at this host that has no end yet. */
    private fun underWay(state: EnrolState): GatewayRow? =
        gateways.gateways().find { it.host == state.host && isUnderWay(it) }

    private fun isUnderWay(row: GatewayRow) = row.state is GatewayState.Asking || row.state is GatewayState.Pending

    private fun waiting(row: GatewayRow): EnrolStep? =
        (row.state as? GatewayState.Pending)?.let { EnrolStep.Pending(row.id, Digits(it.digits), it.until) }

    /** A request that may have arrived is sent again by itself: asked anew, its code would be used up. */
    private fun failed(state: EnrolState, notice: Notice?): EnrolNext {
        val isOver = state.step == EnrolStep.Enrolling && underWay(state) == null
        return Step(state.copy(step = if (isOver) EnrolStep.Asking else state.step, notice = notice))
    }
}

/** The question stays while there is something to end. */
private fun EnrolState.settled() = copy(asksEnd = asksEnd && (step is EnrolStep.Pending || step == EnrolStep.Enrolling))

/** Keys that ask for the person are made where the phone can ask. */
private val NO_LOCK = Notice(Say.phoneScanEnrolNoLock, Act.SCREEN_LOCK, tone = Tone.WARN)

/** Why an enrolment ended. */
fun goneText(why: GoneWhy): Text = when (why) {
    GoneWhy.ITSELF -> Say.errorGoneSelf
    GoneWhy.PERSON -> Say.errorGonePerson
    GoneWhy.ADMIN -> Say.errorGoneAdmin
    GoneWhy.REPLACED -> Say.errorGoneReplaced
    GoneWhy.REFUSED -> Say.errorGoneRefused
    GoneWhy.ACCOUNT -> Say.errorGoneAccount
    GoneWhy.OTHER -> Say.errorGoneOther
}
