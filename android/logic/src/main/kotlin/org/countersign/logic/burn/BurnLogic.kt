package org.countersign.logic.burn

import org.countersign.bindings.BurnEnding
import org.countersign.bindings.BurnProgress
import org.countersign.bindings.BurnRow
import org.countersign.bindings.BurnSettings
import org.countersign.bindings.CountersignException
import org.countersign.bindings.TokenAt
import org.countersign.bindings.TokenKey
import org.countersign.bindings.TokenLinkPort
import org.countersign.logic.Act
import org.countersign.logic.Keep
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.Pulse
import org.countersign.logic.Secret
import org.countersign.logic.Step
import org.countersign.logic.Wish
import org.countersign.logic.core.TokenCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.fault.canHoldAgain
import org.countersign.logic.fault.noticeOf
import org.countersign.logic.route.Go
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say

private typealias BurnNext = Step<BurnState, BurnEvent>

/** The rules of one burn. The seed comes from an account, by the passphrase, or from a row of a batch. */
class BurnLogic(
    private val account: ULong?,
    private val batch: Burning?,
    private val tokens: TokenCalls,
    private val keep: Keep,
    private val now: Now,
) : Logic<BurnState, BurnEvent> {
    override fun begin(): BurnNext {
        val step = first()
        return Step(BurnState(now(), step, emptyList(), null, null), wish = reader(step), ask = {
            asking(BurnEvent::Failed) { BurnEvent.Kept(tokens.keys().map { it.name }, tokens.burns()) }
        })
    }

    private fun first(): BurnStep =
        batch?.let { BurnStep.HoldToPlan(it, waits = false) } ?: BurnStep.Passphrase(waits = false)

    override fun back(state: BurnState): BurnEvent = when {
        state.asksStop -> BurnEvent.Stopping(sure = false)
        state.step is BurnStep.Compare -> BurnEvent.NotCompared
        state.step is BurnStep.Done -> BurnEvent.Done
        else -> BurnEvent.Stop
    }

    override fun on(state: BurnState, event: BurnEvent): BurnNext = when (event) {
        is BurnEvent.Typed -> typed(state, event.passphrase)

        is BurnEvent.Link -> link(state, event.link)

        is BurnEvent.UseKey -> Step(state.copy(key = event.name, notice = null))

        BurnEvent.Agree -> agree(state)

        BurnEvent.Stop -> if (state.step.writes()) Step(state.copy(asksStop = true)) else stop(state)

        is BurnEvent.Stopping -> if (event.sure) stop(state) else Step(state.copy(asksStop = false))

        BurnEvent.Tick -> tick(state.copy(now = now()))

        BurnEvent.Changed -> progress(state)

        BurnEvent.Matches -> conclude(state, (state.step as? BurnStep.Compare)?.codes?.now)

        is BurnEvent.ShowsOther -> conclude(state, event.digits)

        BurnEvent.NotCompared -> conclude(state, null)

        BurnEvent.Done -> Step(state, go = Go.Back)

        is BurnEvent.OnNotice -> Step(
            state.copy(notice = null),
            wish = reader(state.step).takeIf {
                event.act ==
                    Act.RETRY
            },
        )

        is BurnEvent.Ready -> at(state, BurnStep.HoldToPlan(event.seed, waits = false))

        is BurnEvent.Kept -> kept(state.copy(keys = event.keys), event.burns)

        BurnEvent.WriteAnother -> at(state, first())

        is BurnEvent.Seen -> seen(state, event)

        is BurnEvent.Burns -> counted(state, ticked(state, event))

        is BurnEvent.Ended -> ended(state, event.ending)

        is BurnEvent.Codes -> Step(state.compare { it.copy(codes = event.codes) })

        is BurnEvent.Left -> lost(state, event.notice)

        is BurnEvent.Failed -> failed(state, event.notice)
    }

    private fun stop(state: BurnState): BurnNext =
        Step(state, go = Go.Back, wish = Wish.Reader(on = false), stop = true)

    private fun at(state: BurnState, step: BurnStep): BurnNext =
        Step(state.copy(step = step, notice = null), wish = reader(step))

    /** The phone listens for a token at those steps alone that want one. */
    private fun reader(step: BurnStep): Wish = Wish.Reader(
        step is BurnStep.HoldToPlan || step is BurnStep.HoldToWrite ||
            step is BurnStep.Lost || step is BurnStep.TakeUp,
    )

    private fun typed(state: BurnState, passphrase: Secret): BurnNext {
        val account = account ?: return Step(state)
        if (passphrase.isEmpty) return Step(state.copy(notice = Notice(Say.phonePassphraseEmpty)))
        return Step(state.copy(step = BurnStep.Passphrase(waits = true), notice = null), ask = {
            asking(BurnEvent::Failed) { BurnEvent.Ready(Burning(tokens.seedOf(account, passphrase), null)) }
        })
    }

    private fun link(state: BurnState, link: TokenLinkPort): BurnNext = when (val step = state.step) {
        is BurnStep.HoldToPlan -> plan(state, step, at(state, link))
        is BurnStep.HoldToWrite -> write(state, step, at(state, link))
        is BurnStep.Lost -> resume(state, step, at(state, link))
        is BurnStep.TakeUp -> takeUp(state, step, at(state, link))
        else -> Step(state)
    }

    private fun at(state: BurnState, link: TokenLinkPort) =
        TokenAt(link, state.key?.let { TokenKey.Kept(it) } ?: TokenKey.Maker, keep.read().likelyToken)

    private fun plan(state: BurnState, step: BurnStep.HoldToPlan, at: TokenAt): BurnNext {
        if (step.waits) return Step(state)
        return Step(state.copy(step = step.copy(waits = true), notice = null), ask = {
            asking(BurnEvent::Failed) { BurnEvent.Seen(tokens.plan(at, step.seed.seed, SETTINGS)) }
        })
    }

    private fun seen(state: BurnState, event: BurnEvent.Seen): BurnNext {
        val step = state.step as? BurnStep.HoldToPlan ?: return Step(state)
        val shown = shown(event.planned)
        keep.write(keep.read().copy(likelyToken = shown.token.family))
        val next = BurnStep.Plan(step.seed, shown, event.planned.plan)
        return Step(
            state.copy(step = next, notice = null),
            wish = Wish.All(listOf(Wish.Vibrate(Pulse.READ), reader(next))),
        )
    }

    private fun agree(state: BurnState): BurnNext {
        val step = state.step as? BurnStep.Plan ?: return Step(state)
        return at(state, BurnStep.HoldToWrite(step.seed, step.shown, step.plan, Progress(writes = false, steps = 0)))
    }

    private fun write(state: BurnState, step: BurnStep.HoldToWrite, at: TokenAt): BurnNext {
        if (step.progress.writes) return Step(state)
        val writes = step.copy(progress = Progress(writes = true, steps = 0))
        return Step(state.copy(step = writes, notice = null), ask = {
            asking(BurnEvent::Failed) { writing { tokens.burn(at, step.plan, step.seed.from) } }
        })
    }

    /** One that left before anything was noted of it is written from its beginning: the plan says which one it must be. */
    private fun resume(state: BurnState, step: BurnStep.Lost, at: TokenAt): BurnNext {
        if (step.waits) return Step(state)
        return Step(state.copy(step = step.copy(waits = true), notice = null), ask = {
            asking(BurnEvent::Failed) {
                writing { tokens.resume(at) ?: tokens.burn(at, step.plan, step.seed.from) }
            }
        })
    }

    /** One that has no end is told of before another begins. */
    private fun kept(state: BurnState, burns: List<BurnRow>): BurnNext {
        val open = burns.filter { it.progress is BurnProgress.Begun }.maxByOrNull { it.began }
        val waits = (state.step as? BurnStep.HoldToPlan)?.waits ?: false
        return if (open == null || waits) Step(state) else at(state, BurnStep.TakeUp(shown(open), waits = false))
    }

    private fun takeUp(state: BurnState, step: BurnStep.TakeUp, at: TokenAt): BurnNext {
        if (step.waits) return Step(state)
        return Step(state.copy(step = step.copy(waits = true), notice = null), ask = {
            asking(BurnEvent::Failed) {
                writing { tokens.resume(at) }
            }
        })
    }

    private fun progress(state: BurnState): BurnNext {
        if (state.step !is BurnStep.HoldToWrite) return Step(state)
        return Step(state, ask = { asking({ BurnEvent.Burns(emptyList()) }) { BurnEvent.Burns(tokens.burns()) } })
    }

    private fun ticked(state: BurnState, burns: BurnEvent.Burns): BurnState {
        val step = state.step as? BurnStep.HoldToWrite ?: return state
        val began = burns.rows.find { it.token == step.shown.token }?.progress as? BurnProgress.Begun ?: return state
        val done = began.steps.map(::stepText).distinct()
        return state.copy(step = step.copy(progress = step.progress.copy(steps = began.steps.size, done = done)))
    }

    /** Each step is felt: who holds the token there looks at it rather than at the screen. */
    private fun counted(before: BurnState, now: BurnState): BurnNext {
        val steps = { state: BurnState -> (state.step as? BurnStep.HoldToWrite)?.progress?.steps ?: 0 }
        return Step(now, wish = Wish.Vibrate(Pulse.READ).takeIf { steps(now) > steps(before) })
    }

    private fun ended(state: BurnState, ending: BurnEnding): BurnNext {
        val shown = state.step.shown() ?: return Step(state)
        if (ending is BurnEnding.Written && state.step !is BurnStep.Compare) return compare(state, shown)
        val (end, text) = endText(ending)
        val felt = Wish.Vibrate(if (end == BurnEnd.FAILED) Pulse.LOST else Pulse.DONE)
        val done = BurnStep.Done(shown, end, text)
        return Step(
            state.copy(step = done, notice = null, asksStop = false),
            wish = Wish.All(listOf(felt, reader(done))),
        )
    }

    private fun compare(state: BurnState, shown: PlanShown): BurnNext {
        val next = state.copy(step = BurnStep.Compare(shown, null, waits = false), notice = null, asksStop = false)
        return Step(next, wish = Wish.All(listOf(Wish.Vibrate(Pulse.DONE), reader(next.step))), ask = { codes(shown) })
    }

    private suspend fun codes(shown: PlanShown): BurnEvent = asking(BurnEvent::Failed) {
        val codes = tokens.codes(shown.token)
        BurnEvent.Codes(
            codes?.let {
                Expected(Digits(it.now), Digits(it.before), Digits(it.next), now() + it.nextIn)
            },
        )
    }

    private fun tick(state: BurnState): BurnNext {
        val step = state.step as? BurnStep.Compare ?: return Step(state)
        val isOver = step.codes?.let { it.nextAt <= state.now } ?: false
        return if (isOver) Step(state, ask = { codes(step.shown) }) else Step(state)
    }

    private fun conclude(state: BurnState, digits: Digits?): BurnNext {
        val step = state.step as? BurnStep.Compare ?: return Step(state)
        if (step.waits) return Step(state)
        return Step(state.compare { it.copy(waits = true) }.copy(notice = null), ask = {
            asking(BurnEvent::Failed) { BurnEvent.Ended(tokens.conclude(step.shown.token, digits?.plain()).ending) }
        })
    }

    private suspend fun writing(call: suspend () -> BurnEnding?): BurnEvent = try {
        call()?.let(BurnEvent::Ended) ?: BurnEvent.Left(Notice(Say.phoneBurnOther))
    } catch (fault: CountersignException) {
        if (canHoldAgain(fault)) BurnEvent.Left(noticeOf(fault)) else throw fault
    }

    /** A token that left in the middle is held again and gone on with. */
    private fun lost(state: BurnState, notice: Notice?): BurnNext = when (val step = state.step) {
        is BurnStep.HoldToWrite -> stopped(state, BurnStep.Lost(step.seed, step.shown, step.plan, false), notice)
        is BurnStep.Lost -> stopped(state, step.copy(waits = false), notice)
        is BurnStep.TakeUp -> stopped(state, step.copy(waits = false), notice)
        else -> failed(state, notice)
    }

    /** What was being written is agreed to once more: it is not tried again by itself. Else the step stays as it was. */
    private fun failed(state: BurnState, notice: Notice?): BurnNext {
        val step =
            when (val step = state.step) {
                is BurnStep.Passphrase -> step.copy(waits = false)
                is BurnStep.HoldToPlan -> step.copy(waits = false)
                is BurnStep.HoldToWrite -> BurnStep.Plan(step.seed, step.shown, step.plan)
                is BurnStep.Lost -> BurnStep.Plan(step.seed, step.shown, step.plan)
                is BurnStep.TakeUp -> first()
                is BurnStep.Compare -> step.copy(waits = false)
                is BurnStep.Plan, is BurnStep.Done -> step
            }
        return stopped(state, step, notice)
    }

    private fun stopped(state: BurnState, step: BurnStep, notice: Notice?): BurnNext {
        val wishes = listOf(Wish.Vibrate(Pulse.LOST), reader(step))
        return Step(state.copy(step = step, notice = notice, asksStop = false), wish = Wish.All(wishes))
    }

    private companion object {
        /** What goes is named in the plan, and agreed to there. */
        val SETTINGS = BurnSettings(replace = true)
    }
}

private fun BurnState.compare(change: (BurnStep.Compare) -> BurnStep.Compare): BurnState =
    if (step is BurnStep.Compare) copy(step = change(step)) else this

private fun BurnStep.shown(): PlanShown? = when (this) {
    is BurnStep.Passphrase, is BurnStep.HoldToPlan -> null
    is BurnStep.Plan -> shown
    is BurnStep.HoldToWrite -> shown
    is BurnStep.Lost -> shown
    is BurnStep.TakeUp -> shown
    is BurnStep.Compare -> shown
    is BurnStep.Done -> shown
}
