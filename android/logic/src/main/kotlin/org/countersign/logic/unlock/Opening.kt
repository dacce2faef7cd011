package org.countersign.logic.unlock

import org.countersign.bindings.CountersignException
import org.countersign.logic.Secret
import org.countersign.logic.core.VaultCalls

/** What is known of how the vault is being opened, from one screen to the next. It lives in memory alone. */
class Opening {
    /** The sheet that opened it: with it a new passphrase is set in place of the forgotten one. */
    var sheet: Secret? = null
        private set

    /** The fingers were asked last. */
    var byFingers = false

    /** The passphrase is asked for once, lest it is forgotten. */
    var asksPassphrase = false

    fun hold(sheet: Secret) {
        forgetSheet()
        this.sheet = sheet
    }

    fun forgetSheet() {
        sheet?.wipe()
        sheet = null
    }

    /** After the fingers opened it many times: locks it again, for the passphrase. */
    suspend fun remind(vault: VaultCalls) {
        if (!byFingers) return
        byFingers = false
        try {
            if (!vault.isPassphraseDue()) return
            asksPassphrase = true
            vault.lock()
        } catch (_: CountersignException) {
            // It locked by itself meanwhile: the next time then.
            asksPassphrase = false
        }
    }
}
