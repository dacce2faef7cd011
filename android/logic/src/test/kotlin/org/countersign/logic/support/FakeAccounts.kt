package org.countersign.logic.support

import org.countersign.bindings.AccountEdit
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.BinnedRow
import org.countersign.bindings.CodeRow
import org.countersign.bindings.Codes
import org.countersign.bindings.CountersignException
import org.countersign.bindings.DamagedRow
import org.countersign.bindings.GroupRow
import org.countersign.bindings.NewAccount
import org.countersign.bindings.TagRow
import org.countersign.logic.Keep
import org.countersign.logic.Preferences
import org.countersign.logic.core.AccountCalls

/** Accounts in memory; what was asked is kept. */
class FakeAccounts(var rows: List<CodeRow> = emptyList()) : AccountCalls {
    val queries = mutableListOf<AccountQuery>()
    val edits = mutableListOf<Pair<ULong, AccountEdit>>()
    val deleted = mutableListOf<ULong>()
    val used = mutableListOf<ULong>()
    val added = mutableListOf<NewAccount>()
    val moved = mutableListOf<Pair<ULong, ULong?>>()
    var damaged = emptyList<DamagedRow>()
    var groups = listOf<GroupRow>()
    var tags = listOf<TagRow>()
    var binned = listOf<BinnedRow>()
    var clockAhead: Long? = null
    var fails: CountersignException? = null
    var editFails: CountersignException? = null
    var undone = 0
    var note = ""

    /** What the next code of a counter waits for; none for at once. */
    var nextCode: suspend () -> String = { "755224" }

    private fun tried() {
        fails?.let { throw it }
    }

    override fun view(query: AccountQuery, now: ULong): Codes {
        tried()
        queries += query
        val found = rows.filter {
            query.search in it.account.issuer &&
                !(query.favourites && !it.account.details.favourite)
        }
        val ofGroup = found.filter { row -> query.group?.let { it in row.account.details.groups } ?: true }
        return Codes(ofGroup, damaged, ofGroup.mapNotNull { it.live?.until }.minOrNull(), clockAhead)
    }

    override fun groups() = groups

    override fun tags() = tags

    override fun bin() = binned

    override fun canUndo() = edits.isNotEmpty()

    override fun used(id: ULong) {
        used += id
    }

    override suspend fun note(id: ULong) = note

    override suspend fun add(account: NewAccount): ULong {
        tried()
        added += account
        return added.size.toULong()
    }

    override suspend fun edit(id: ULong, edit: AccountEdit) {
        tried()
        editFails?.let { throw it }
        edits += id to edit
    }

    override suspend fun delete(id: ULong) {
        tried()
        deleted += id
        rows = rows.filter { it.account.id != id }
    }

    override suspend fun restore(ids: List<ULong>) {
        tried()
        binned = binned.filter { it.account.id !in ids }
    }

    override suspend fun emptyBin() {
        tried()
        binned = emptyList()
    }

    override suspend fun undo() {
        tried()
        undone += 1
    }

    override suspend fun move(id: ULong, before: ULong?) {
        tried()
        moved += id to before
    }

    override suspend fun addGroup(name: String): ULong {
        tried()
        val id = groups.size.toULong() + 1u
        groups = groups + GroupRow(id, name, id)
        return id
    }

    override suspend fun nextHotp(id: ULong): String {
        tried()
        return nextCode()
    }
}

/** Preferences in memory. */
class FakeKeep(var kept: Preferences = Preferences()) : Keep {
    override fun read() = kept

    override fun write(preferences: Preferences) {
        kept = preferences
    }
}
