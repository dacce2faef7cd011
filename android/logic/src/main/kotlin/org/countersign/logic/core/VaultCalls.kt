package org.countersign.logic.core

import org.countersign.bindings.AutoLock
import org.countersign.bindings.LockState
import org.countersign.bindings.NewSheet
import org.countersign.bindings.SlotRow
import org.countersign.bindings.VaultReport
import org.countersign.logic.Secret

/** What screens ask of the core about the vault itself. */
interface VaultCalls {
    fun lockState(): LockState

    /** Makes the vault and leaves it open. Takes a key derivation. */
    suspend fun createVault(passphrase: Secret)

    suspend fun unlock(passphrase: Secret)

    /** Unlocks by the fingerprint, the face or the screen lock. */
    suspend fun unlockByKeystore()

    /** Lets the fingerprint, the face or the screen lock open the vault too. */
    suspend fun addKeystoreSlot()

    suspend fun unlockBySheet(sheet: Secret)

    suspend fun replacePassphrase(sheet: Secret, new: Secret)

    suspend fun changePassphrase(old: Secret, new: Secret)

    suspend fun lock()

    /** Whether the passphrase was not typed for so long that it may be forgotten. */
    suspend fun isPassphraseDue(): Boolean

    suspend fun slots(): List<SlotRow>

    suspend fun removeSlot(id: UInt)

    suspend fun addSheet(): NewSheet

    suspend fun autoLock(): AutoLock

    suspend fun setAutoLock(rule: AutoLock)

    fun vaultReport(): VaultReport

    suspend fun acceptDamage()

    suspend fun eraseVault()
}
