package org.countersign.app.calls

import org.countersign.bindings.AccountEdit
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.Countersign
import org.countersign.bindings.NewAccount
import org.countersign.logic.core.AccountCalls

/** What screens ask about accounts, asked of the core. */
class CoreAccounts(private val core: Countersign) : AccountCalls {
    override fun view(query: AccountQuery, now: ULong) = core.view(query, now)

    override fun groups() = core.groups()

    override fun tags() = core.tags()

    override fun bin() = core.bin()

    override fun canUndo() = core.canUndoChange()

    override fun used(id: ULong) = core.used(id)

    override suspend fun note(id: ULong) = core.note(id)

    override suspend fun add(account: NewAccount) = core.addAccount(account)

    override suspend fun edit(id: ULong, edit: AccountEdit) = core.editAccount(id, edit)

    override suspend fun delete(id: ULong) = core.deleteAccount(id)

    override suspend fun restore(ids: List<ULong>) = core.restoreAccounts(ids)

    override suspend fun emptyBin() = core.emptyBin()

    override suspend fun undo() = core.undoChange()

    override suspend fun move(id: ULong, before: ULong?) {
        core.moveAccount(id, before)
    }

    override suspend fun addGroup(name: String) = core.addGroup(name)

    override suspend fun nextHotp(id: ULong) = core.nextHotp(id)
}
