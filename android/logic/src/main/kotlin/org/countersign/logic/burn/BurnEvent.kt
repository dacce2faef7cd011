package org.countersign.logic.burn

import org.countersign.bindings.BurnEnding
import org.countersign.bindings.BurnRow
import org.countersign.bindings.TokenLinkPort
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Secret
import org.countersign.logic.core.Planned
import org.countersign.logic.text.Digits

sealed interface BurnEvent {
    data class Typed(val passphrase: Secret) : BurnEvent

    /** A token lies there. */
    class Link(val link: TokenLinkPort) : BurnEvent

    data class UseKey(val name: String?) : BurnEvent

    /** Yes to the plan, and to what it erases. */
    data object Agree : BurnEvent

    /** Leaves; while a token is being written it is asked first. */
    data object Stop : BurnEvent

    data class Stopping(val sure: Boolean) : BurnEvent

    data object Tick : BurnEvent

    /** Something changed in the core: the steps of the burn. */
    data object Changed : BurnEvent

    data object Matches : BurnEvent

    /** What the display shows instead. */
    data class ShowsOther(val digits: Digits) : BurnEvent

    /** Nobody can look now. */
    data object NotCompared : BurnEvent

    data object Done : BurnEvent

    data class OnNotice(val act: Act?) : BurnEvent

    class Ready(val seed: Burning) : BurnEvent

    /** What is kept: the owner's keys, and burns that have no end. */
    class Kept(val keys: List<String>, val burns: List<BurnRow>) : BurnEvent

    /** What was broken off waits: another token is written first. */
    data object WriteAnother : BurnEvent

    class Seen(val planned: Planned) : BurnEvent

    data class Burns(val rows: List<BurnRow>) : BurnEvent

    data class Ended(val ending: BurnEnding) : BurnEvent

    class Codes(val codes: Expected?) : BurnEvent

    /** The token left while it was written, or is not the one that did. */
    data class Left(val notice: Notice?) : BurnEvent

    data class Failed(val notice: Notice?) : BurnEvent
}
