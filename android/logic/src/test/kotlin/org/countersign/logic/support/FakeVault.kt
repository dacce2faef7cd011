package org.countersign.logic.support

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.AutoLock
import org.countersign.bindings.CountersignException
import org.countersign.bindings.InputFault
import org.countersign.bindings.LockState
import org.countersign.bindings.NewSheet
import org.countersign.bindings.PortFault
import org.countersign.bindings.SlotRow
import org.countersign.bindings.VaultReport
import org.countersign.logic.Secret
import org.countersign.logic.core.VaultCalls

fun secret(words: String) = Secret(words.toByteArray())

/** A vault of one passphrase, without a file. */
class FakeVault(var lock: LockState = LockState.NO_VAULT) : VaultCalls {
    var passphrase: Secret? = null
    var hasFingers = false
    var isDue = false

    /** What making it, or opening it by fingers, waits for; none for at once. */
    var waits: CompletableDeferred<Unit>? = null
    var fails: CountersignException? = null
    var rule = AutoLock(afterS = 60u, onLeave = false, onScreenOff = true)
    var slots = emptyList<SlotRow>()
    var sheets = 0
    var report = VaultReport(emptyList(), null)

    override suspend fun isPassphraseDue() = isDue

    private fun tried() {
        fails?.let { throw it }
    }

    override fun lockState() = lock

    override suspend fun createVault(passphrase: Secret) {
        tried()
        waits?.await()
        this.passphrase = passphrase
        lock = LockState.OPEN
    }

    override suspend fun unlock(passphrase: Secret) {
        tried()
        val isRight = this.passphrase?.isSameAs(passphrase) ?: false
        if (!isRight) throw CountersignException.Input(InputFault.WrongPassphrase)
        lock = LockState.OPEN
    }

    override suspend fun unlockByKeystore() {
        waits?.await()
        tried()
        if (!hasFingers) throw CountersignException.Port(PortFault.USER_REFUSED)
        lock = LockState.OPEN
    }

    override suspend fun addKeystoreSlot() {
        tried()
        hasFingers = true
    }

    override suspend fun unlockBySheet(sheet: Secret) {
        tried()
        if (!sheet.isSameAs(secret(SHEET))) throw CountersignException.Input(InputFault.WrongSheet)
        lock = LockState.OPEN
    }

    override suspend fun replacePassphrase(sheet: Secret, new: Secret) {
        tried()
        passphrase = new
    }

    override suspend fun changePassphrase(old: Secret, new: Secret) {
        unlock(old)
        passphrase = new
    }

    override suspend fun lock() {
        lock = LockState.LOCKED
    }

    override suspend fun slots() = slots

    override suspend fun removeSlot(id: UInt) {
        tried()
        slots = slots.filter { it.id != id }
    }

    override suspend fun addSheet(): NewSheet {
        tried()
        sheets += 1
        return NewSheet(id = 9u, lines = listOf("first line", "second line"), qr = "a sheet")
    }

    override suspend fun autoLock() = rule

    override suspend fun setAutoLock(rule: AutoLock) {
        tried()
        this.rule = rule
    }

    override fun vaultReport() = report

    override suspend fun acceptDamage() {
        tried()
        report = VaultReport(emptyList(), null)
    }

    override suspend fun eraseVault() {
        tried()
        lock = LockState.NO_VAULT
    }

    companion object {
        const val SHEET = "the words of the sheet"
    }
}
