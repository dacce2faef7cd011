package org.countersign.logic.accounts

import org.countersign.bindings.AccountEdit
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.Algorithm
import org.countersign.bindings.Sort
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.Step
import org.countersign.logic.core.AccountCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.text.Text

/** An account that is typed in, or changed. The key and the PIN stand in their fields alone. */
data class FormState(
    /** The account that is changed; none for a new one. */
    val id: ULong?,
    val fields: Fields,
    val groups: List<GroupChoice>,
    /** What is wrong, by field: said where it is mended. */
    val faults: Map<Field, Text>,
    /** What services seldom ask for is folded away. */
    val showsMore: Boolean,
    val waits: Boolean,
    val isChanged: Boolean,
    /** What was typed would be lost: it is asked. */
    val asksLeave: Boolean,
    /** What the form held before the person changed it. */
    val before: FormEvent.Read?,
    val notice: Notice?,
) : Screen

enum class Field { ISSUER, NAME, KEY, PIN, DIGITS, PERIOD, COUNTER, NOTE }

enum class Kind { TIMED, COUNTED, STEAM, YANDEX, MOTP }

/** What stands in the form, as typed. */
data class Fields(
    val issuer: String = "",
    val name: String = "",
    val note: String = "",
    val kind: Kind = Kind.TIMED,
    val algorithm: Algorithm = Algorithm.SHA1,
    val digits: String = "6",
    val period: String = "30",
    val counter: String = "0",
    val tags: String = "",
)

data class GroupChoice(val id: ULong, val name: String, val isIn: Boolean)

sealed interface FormEvent {
    data class Typed(val fields: Fields) : FormEvent

    data class Group(val id: ULong, val isIn: Boolean) : FormEvent

    data class NewGroup(val name: String) : FormEvent

    data object More : FormEvent

    /** [key] and [pin] as typed; none when an account is changed. */
    data class Save(val key: Secret?, val pin: Secret?) : FormEvent

    data object Leave : FormEvent

    data class Leaving(val sure: Boolean) : FormEvent

    data class Read(val fields: Fields, val groups: List<GroupChoice>) : FormEvent

    data class GroupMade(val choice: GroupChoice) : FormEvent

    /** The account is there, and the rest of what was typed is not: it is changed from now on, lest there are two. */
    data class Added(val id: ULong, val notice: Notice?) : FormEvent

    data object Saved : FormEvent

    data class Failed(val notice: Notice?) : FormEvent
}

private typealias FormStep = Step<FormState, FormEvent>

class FormLogic(private val id: ULong?, private val accounts: AccountCalls, private val now: Now) :
    Logic<FormState, FormEvent> {
    override fun begin(): FormStep {
        val first = FormState(id, Fields(), emptyList(), emptyMap(), false, id != null, false, false, null, null)
        return Step(first, ask = { asking(FormEvent::Failed) { read() } })
    }

    private suspend fun read(): FormEvent {
        val all = AccountQuery("", group = null, tag = null, favourites = false, sort = Sort.MANUAL)
        val row = id?.let { wanted -> accounts.view(all, now()).rows.find { it.account.id == wanted }?.account }
        val isIn = row?.details?.groups.orEmpty()
        val groups = accounts.groups().sortedBy { it.order }.map { GroupChoice(it.id, it.name, it.id in isIn) }
        if (row == null) return FormEvent.Read(Fields(), groups)
        val tags = row.details.tags.joinToString()
        return FormEvent.Read(Fields(row.issuer, row.name, accounts.note(row.id), tags = tags), groups)
    }

    override fun back(state: FormState): FormEvent? = when {
        state.asksLeave -> FormEvent.Leaving(sure = false)
        state.isChanged -> FormEvent.Leave
        else -> null
    }

    override fun on(state: FormState, event: FormEvent): FormStep = when (event) {
        is FormEvent.Typed -> Step(state.copy(fields = event.fields, faults = emptyMap(), isChanged = true))
        is FormEvent.Group -> Step(state.with(event.id, event.isIn))
        is FormEvent.NewGroup -> newGroup(state, event.name.trim())
        FormEvent.More -> Step(state.copy(showsMore = !state.showsMore))
        is FormEvent.Save -> save(state, event)
        FormEvent.Leave -> if (state.isChanged) Step(state.copy(asksLeave = true)) else Step(state, go = Go.Back)
        is FormEvent.Leaving -> Step(state.copy(asksLeave = false), go = Go.Back.takeIf { event.sure })
        is FormEvent.Read -> Step(drawn(state, event))
        is FormEvent.GroupMade -> Step(state.copy(groups = state.groups + event.choice, isChanged = true))
        is FormEvent.Added -> Step(state.copy(id = event.id, waits = false, notice = event.notice))
        FormEvent.Saved -> Step(state.copy(isChanged = false, waits = false), go = Go.Back)
        is FormEvent.Failed -> Step(state.copy(waits = false, notice = event.notice))
    }

    /** What was typed before it was read stays. */
    private fun drawn(state: FormState, read: FormEvent.Read): FormState {
        val fields = if (state.isChanged) state.fields else read.fields
        return state.copy(fields = fields, groups = read.groups, before = read, waits = false)
    }

    private fun newGroup(state: FormState, name: String): FormStep {
        if (name.isEmpty()) return Step(state)
        return Step(state, ask = {
            asking(FormEvent::Failed) { FormEvent.GroupMade(GroupChoice(accounts.addGroup(name), name, isIn = true)) }
        })
    }

    private fun save(state: FormState, event: FormEvent.Save): FormStep {
        val faults = faults(state, event)
        // A fault that is folded away would be none to see.
        val isFolded = faults.keys.any { it in FOLDED }
        if (faults.isNotEmpty()) return Step(state.copy(faults = faults, showsMore = state.showsMore || isFolded))
        if (state.waits) return Step(state)
        return Step(state.copy(waits = true, notice = null), ask = {
            asking(FormEvent::Failed) {
                val saved = state.id ?: accounts.add(account(state.fields, event))
                asking({ FormEvent.Added(saved, it) }) {
                    edit(state)?.let { accounts.edit(saved, it) }
                    FormEvent.Saved
                }
            }
        })
    }

    /** What an edit changes; none where a new account has all in it already. */
    private fun edit(state: FormState): AccountEdit? {
        val (fields, was) = state.fields to state.before
        val isIn = was?.groups.orEmpty().filter { it.isIn }.map { it.id }.toSet()
        val chosen = state.groups.filter { it.isIn }.map { it.id }.toSet()
        val (tags, had) = tagsOf(fields.tags) to tagsOf(was?.fields?.tags.orEmpty())
        val groups = AccountEdit(null, null, null, join = (chosen - isIn).toList(), leave = (isIn - chosen).toList())
        val edit = groups.copy(tag = (tags - had).toList(), untag = (had - tags).toList())
        val isEmpty = edit.join.isEmpty() && edit.leave.isEmpty() && edit.tag.isEmpty() && edit.untag.isEmpty()
        if (state.id == null) return edit.takeUnless { isEmpty }
        return edit.copy(issuer = fields.issuer.trim(), name = fields.name.trim(), note = fields.note)
    }
}

private val FOLDED = setOf(Field.DIGITS, Field.PERIOD, Field.COUNTER, Field.NOTE)

private fun tagsOf(typed: String) = typed.split(',').map { it.trim() }.filter { it.isNotEmpty() }.toSet()

private fun FormState.with(id: ULong, isIn: Boolean) =
    copy(groups = groups.map { if (it.id == id) it.copy(isIn = isIn) else it }, isChanged = true)
