package org.countersign.logic.core

import org.countersign.bindings.AutoLock
import org.countersign.bindings.Countersign
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.LockState
import org.countersign.bindings.NewSheet
import org.countersign.bindings.SlotRow
import org.countersign.bindings.VaultReport
import org.countersign.bindings.cancelling
import org.countersign.logic.Keep
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

/** The same, asked of the core. What was typed is wiped after it was used. */
internal class BoundVault(private val core: Countersign, private val keep: Keep, private val device: DeviceClass) :
    VaultCalls {
    override fun lockState() = core.lockState()

    override suspend fun createVault(passphrase: Secret) =
        using(passphrase) { cancelling { core.createVault(passphrase.expose(), device, it) } }

    override suspend fun unlock(passphrase: Secret) = using(passphrase) {
        cancelling { core.unlock(passphrase.expose(), it) }
    }

    override suspend fun unlockByKeystore() = cancelling { core.unlockByKeystore(it) }

    override suspend fun addKeystoreSlot() {
        cancelling { core.addKeystoreSlot(it) }
        keep.write(keep.read().copy(fingers = true))
    }

    override suspend fun unlockBySheet(sheet: Secret) = using(sheet) {
        cancelling { core.unlockBySheet(sheet.expose(), it) }
    }

    override suspend fun replacePassphrase(sheet: Secret, new: Secret) =
        using(sheet, new) { cancelling { core.replacePassphrase(sheet.expose(), new.expose(), device, it) } }

    override suspend fun changePassphrase(old: Secret, new: Secret) =
        using(old, new) { cancelling { core.changePassphrase(old.expose(), new.expose(), device, it) } }

    override suspend fun lock() = core.lock()

    override suspend fun isPassphraseDue() = core.isPassphraseDue()

    override suspend fun slots() = core.slots()

    override suspend fun removeSlot(id: UInt) = core.removeSlot(id)

    override suspend fun addSheet() = core.addSheet("")

    override suspend fun autoLock() = core.autoLock()

    override suspend fun setAutoLock(rule: AutoLock) = core.setAutoLock(rule)

    override fun vaultReport() = core.vaultReport()

    override suspend fun acceptDamage() = core.acceptDamage()

    override suspend fun eraseVault() = core.eraseVault()

    private suspend fun <T> using(vararg secrets: Secret, call: suspend () -> T): T = try {
        call()
    } finally {
        secrets.forEach(Secret::wipe)
    }
}
