package org.countersign.app.calls

import android.app.ActivityManager
import android.content.Context
import org.countersign.bindings.AutoLock
import org.countersign.bindings.Countersign
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.cancelling
import org.countersign.logic.Keep
import org.countersign.logic.Secret
import org.countersign.logic.core.VaultCalls

/** Less memory than this is a small phone: a key derivation must leave room for other apps. */
private const val SMALL_BYTES = 3L shl 30

/** What screens ask about the vault, asked of the core. What was typed is wiped after it was used. */
class CoreVault(private val core: Countersign, private val keep: Keep, private val device: DeviceClass) : VaultCalls {
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

/** What a key derivation may cost on this phone. */
fun deviceClass(context: Context): DeviceClass {
    val memory = ActivityManager.MemoryInfo()
    context.getSystemService(ActivityManager::class.java).getMemoryInfo(memory)
    return if (memory.totalMem < SMALL_BYTES) DeviceClass.SMALL_PHONE else DeviceClass.PHONE
}
