package org.countersign.logic

import org.countersign.logic.text.Text

/** What happened and what to do: at most two sentences, what can be done by a button, and the technical line behind *Details*. */
data class Notice(val text: Text, val act: Act? = null, val detail: String? = null, val tone: Tone = Tone.PLAIN)

/** What a person can do about a notice at once. */
enum class Act {
    RETRY,
    UNLOCK,
    SCREEN_LOCK,
    SET_CLOCK,
    ENROL_AGAIN,
    CHECK_NETWORK,
    UPDATE,
    FREE_SPACE,
    BELLS,
    DAMAGE,
    ALLOW,
    SETTINGS,
}

/** How a notice is drawn; a word in it says the same. Red is for loss or an attack alone. */
enum class Tone { PLAIN, GOOD, WARN, DANGER }
