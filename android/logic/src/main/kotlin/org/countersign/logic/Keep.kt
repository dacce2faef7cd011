package org.countersign.logic

import org.countersign.bindings.Sort
import org.countersign.bindings.TokenFamily

/** How a person likes the app. Kept by the shell in plain preferences: nothing of it is a secret. */
data class Preferences(
    /** The vault has a slot of the keystore, so that the prompt can be shown at once. */
    val fingers: Boolean = false,
    val sort: Sort = Sort.MANUAL,
    val look: Look = Look.SYSTEM,
    /** Other apps and the list of recent ones see nothing of this one. */
    val hideFromOthers: Boolean = true,
    /** Codes are hidden until they are tapped, whatever an account says. */
    val hideAll: Boolean = false,
    /** The code after the one of now stands beneath it. */
    val showNext: Boolean = true,
    val clearClipboardAfterS: Int = CLEAR_AFTER_S,
    /** The tokens that were written last: asked for first. */
    val likelyToken: TokenFamily? = null,
) {
    private companion object {
        const val CLEAR_AFTER_S = 30
    }
}

enum class Look { SYSTEM, LIGHT, DARK }

/** Where the shell keeps them. */
interface Keep {
    fun read(): Preferences

    fun write(preferences: Preferences)
}
