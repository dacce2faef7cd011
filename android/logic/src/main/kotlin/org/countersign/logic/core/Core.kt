package org.countersign.logic.core

import org.countersign.bindings.AccountEdit
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.AutoLock
import org.countersign.bindings.Countersign
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.NewAccount
import org.countersign.bindings.OfflineCode
import org.countersign.bindings.PageCode
import org.countersign.bindings.Phone
import org.countersign.bindings.cancelling
import org.countersign.logic.Secret

/** The core as screens ask it. Each long call ends with the coroutine that asked. */
class Core(app: Countersign, phone: Phone, device: DeviceClass) {
    val vault: VaultCalls = BoundVault(app, device)
    val accounts: AccountCalls = BoundAccounts(app)
    val approvals: ApprovalCalls = BoundApprovals(app)
    val gateways: GatewayCalls = BoundGateways(app, phone)
    val scans: ScanCalls = BoundScans(app)
    val tokens: TokenCalls = BoundTokens(app)
    val ledger: LedgerCalls = BoundLedger(app)
}

private class BoundVault(private val app: Countersign, private val device: DeviceClass) : VaultCalls {
    override fun lockState() = app.lockState()

    override suspend fun createVault(passphrase: Secret) =
        cancelling { app.createVault(passphrase.expose(), device, it) }

    override suspend fun unlock(passphrase: Secret) = cancelling { app.unlock(passphrase.expose(), it) }

    override suspend fun unlockByKeystore() = cancelling { app.unlockByKeystore(it) }

    override suspend fun addKeystoreSlot() = cancelling { app.addKeystoreSlot(it) }

    override suspend fun unlockBySheet(sheet: Secret) = cancelling { app.unlockBySheet(sheet.expose(), it) }

    override suspend fun replacePassphrase(sheet: Secret, new: Secret) =
        cancelling { app.replacePassphrase(sheet.expose(), new.expose(), device, it) }

    override suspend fun changePassphrase(old: Secret, new: Secret) =
        cancelling { app.changePassphrase(old.expose(), new.expose(), device, it) }

    override suspend fun lock() = app.lock()

    override suspend fun isPassphraseDue() = app.isPassphraseDue()

    override suspend fun slots() = app.slots()

    override suspend fun removeSlot(id: UInt) = app.removeSlot(id)

    override suspend fun addSheet() = app.addSheet("")

    override suspend fun autoLock() = app.autoLock()

    override suspend fun setAutoLock(rule: AutoLock) = app.setAutoLock(rule)

    override fun vaultReport() = app.vaultReport()

    override suspend fun acceptDamage() = app.acceptDamage()

    override suspend fun eraseVault() = app.eraseVault()
}

private class BoundAccounts(private val app: Countersign) : AccountCalls {
    override fun view(query: AccountQuery, now: ULong) = app.view(query, now)

    override fun groups() = app.groups()

    override fun tags() = app.tags()

    override fun bin() = app.bin()

    override fun canUndo() = app.canUndoChange()

    override fun used(id: ULong) = app.used(id)

    override suspend fun note(id: ULong) = app.note(id)

    override suspend fun add(account: NewAccount) = app.addAccount(account)

    override suspend fun edit(id: ULong, edit: AccountEdit) = app.editAccount(id, edit)

    override suspend fun delete(id: ULong) = app.deleteAccount(id)

    override suspend fun restore(ids: List<ULong>) = app.restoreAccounts(ids)

    override suspend fun emptyBin() = app.emptyBin()

    override suspend fun undo() = app.undoChange()

    override suspend fun move(id: ULong, before: ULong?) {
        app.moveAccount(id, before)
    }

    override suspend fun addGroup(name: String) = app.addGroup(name)

    override suspend fun nextHotp(id: ULong) = app.nextHotp(id)
}

private class BoundApprovals(private val app: Countersign) : ApprovalCalls {
    override fun approvals() = app.approvals()

    override fun notices() = app.notices()

    override suspend fun history() = app.history()

    override suspend fun approve(id: String, digits: String) = cancelling { app.approve(id, digits, it) }

    override suspend fun approveByPage(id: String, page: PageCode) = cancelling { app.approveByQr(id, page, it) }

    override suspend fun deny(id: String) = cancelling { app.deny(id, it) }

    override suspend fun report(id: String) = cancelling { app.report(id, it) }

    override suspend fun dismiss(id: String) = app.dismiss(id)

    override suspend fun pageApproval(page: PageCode) = cancelling { app.pageApproval(page, it) }

    override fun offlineRow(code: OfflineCode) = app.offlineRow(code)

    override suspend fun answerCode(code: OfflineCode) = cancelling { app.answerCode(code, it) }
}

private class BoundGateways(private val app: Countersign, private val phone: Phone) : GatewayCalls {
    override fun gateways() = app.gateways()

    override fun damagedEnrolments() = app.damagedEnrolments()

    override suspend fun enrolName(link: Secret) = cancelling { app.enrolName(link.expose(), it) }

    override suspend fun enrol(link: Secret) = cancelling { app.enrol(link.expose(), phone, it) }

    override suspend fun poll(gateway: String, waitS: ULong) = cancelling { app.poll(gateway, waitS, it) }

    override suspend fun leave(gateway: String) = cancelling { app.leave(gateway, it) }

    override suspend fun forget(gateway: String) = app.forget(gateway)

    override suspend fun invite(gateway: String, replace: Boolean) = cancelling { app.invite(gateway, replace, it) }

    override suspend fun moving(gateway: String) = app.moving(gateway)

    override suspend fun confirm(gateway: String, digits: String) = cancelling { app.confirm(gateway, digits, it) }
}
