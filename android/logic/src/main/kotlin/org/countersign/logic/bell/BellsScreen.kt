package org.countersign.logic.bell

import org.countersign.logic.Logic
import org.countersign.logic.Screen
import org.countersign.logic.Step

/** How this phone tells of sign-ins, what is missing for it, and who delivers. */
data class BellsState(
    val isOn: Boolean,
    /** Nothing is enrolled yet. */
    val isWanted: Boolean,
    val missing: List<Missing>,
    /** To choose from, where there are several. */
    val distributors: List<Distributor>,
    val chosen: String?,
) : Screen

sealed interface BellsEvent {
    /** The phone's settings, or the core, may have changed. */
    data object Changed : BellsEvent

    data class Switch(val on: Boolean) : BellsEvent

    data class Choose(val distributor: String) : BellsEvent

    data class Mend(val missing: Missing) : BellsEvent
}

class BellsLogic(private val bells: BellCalls) : Logic<BellsState, BellsEvent> {
    override fun begin(): Step<BellsState, BellsEvent> = Step(read())

    override fun on(state: BellsState, event: BellsEvent): Step<BellsState, BellsEvent> = when (event) {
        BellsEvent.Changed -> Step(read())

        is BellsEvent.Switch -> {
            bells.switch(event.on)
            Step(read())
        }

        is BellsEvent.Choose -> {
            bells.choose(event.distributor)
            Step(read())
        }

        is BellsEvent.Mend -> Step(state, wish = event.missing.mend())
    }

    private fun read(): BellsState {
        val facts = bells.facts()
        return BellsState(facts.isOn, facts.isWanted, missing(facts), facts.distributors, facts.chosen)
    }
}
