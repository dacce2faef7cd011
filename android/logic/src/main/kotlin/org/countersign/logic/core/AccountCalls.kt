package org.countersign.logic.core

import org.countersign.bindings.AccountEdit
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.BinnedRow
import org.countersign.bindings.Codes
import org.countersign.bindings.Countersign
import org.countersign.bindings.GroupRow
import org.countersign.bindings.NewAccount
import org.countersign.bindings.TagRow

/** What screens ask of the core about accounts. What is not `suspend` only reads memory. */
interface AccountCalls {
    fun view(query: AccountQuery, now: ULong): Codes

    fun groups(): List<GroupRow>

    fun tags(): List<TagRow>

    fun bin(): List<BinnedRow>

    fun canUndo(): Boolean

    /** A code of this account was used. */
    fun used(id: ULong)

    suspend fun note(id: ULong): String

    suspend fun add(account: NewAccount): ULong

    suspend fun edit(id: ULong, edit: AccountEdit)

    /** Into the bin. */
    suspend fun delete(id: ULong)

    suspend fun restore(ids: List<ULong>)

    suspend fun emptyBin()

    suspend fun undo()

    /** Puts an account before another one, or at the end. */
    suspend fun move(id: ULong, before: ULong?)

    suspend fun addGroup(name: String): ULong

    /** The next code of a counted account. */
    suspend fun nextHotp(id: ULong): String
}

/** The same, asked of the core. */
class BoundAccounts(private val core: Countersign) : AccountCalls {
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
