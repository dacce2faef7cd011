package org.countersign.app.screen

import android.content.Context
import android.text.InputType
import android.view.View
import android.widget.CheckBox
import android.widget.EditText
import android.widget.LinearLayout
import org.countersign.app.look.Choice
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.column
import org.countersign.app.look.field
import org.countersign.app.look.input
import org.countersign.app.look.look
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.say
import org.countersign.app.look.secret
import org.countersign.app.look.secretInput
import org.countersign.app.look.section
import org.countersign.app.look.words
import org.countersign.bindings.Algorithm
import org.countersign.logic.Notice
import org.countersign.logic.accounts.Field
import org.countersign.logic.accounts.Fields
import org.countersign.logic.accounts.FormEvent
import org.countersign.logic.accounts.FormState
import org.countersign.logic.accounts.GroupChoice
import org.countersign.logic.accounts.Kind
import org.countersign.logic.accounts.hasPin
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

private const val WORDS = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_CAP_SENTENCES
private const val NAME = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS
private const val NOTE = WORDS or InputType.TYPE_TEXT_FLAG_MULTI_LINE

/** An account that is typed in, or changed. What services seldom ask for is folded away. */
class FormDrawing(private val context: Context, private val onEvent: (FormEvent) -> Unit) : Drawing<FormState> {
    private val faults = mutableMapOf<Field, Part<Text?>>()
    private var fields = Fields()
    private var isNew = true

    /** What the state brings into the fields was not typed. */
    private var brings = false
    private val heard = Changed { if (!brings) onEvent(FormEvent.Typed(read())) }
    private val issuer = typed(NAME)
    private val name = typed(NAME)
    private val key = context.secretInput().apply { addTextChangedListener(heard) }
    private val pin = context.secretInput().apply { addTextChangedListener(heard) }
    private val note = typed(NOTE)
    private val tags = typed(NAME)
    private val digits = typed(InputType.TYPE_CLASS_NUMBER)
    private val period = typed(InputType.TYPE_CLASS_NUMBER)
    private val counter = typed(InputType.TYPE_CLASS_NUMBER)
    private val kinds =
        Choice(context, context.say(Say.phoneScanFormKind), null, Kind.entries.map { it to context.say(it.words()) }) {
            onEvent(FormEvent.Typed(read().copy(kind = it)))
        }
    private val algorithms =
        Choice(context, context.say(Say.phoneScanFormAlgorithm), null, ALGORITHMS) {
            onEvent(FormEvent.Typed(read().copy(algorithm = it)))
        }
    private val groups = Part<List<GroupChoice>>(context, ::groups)
    private val newGroup = context.input(InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_CAP_SENTENCES)
    private val makeGroup = context.quietButton(context.say(Say.phoneAccountsMakeGroup)) {
        onEvent(FormEvent.NewGroup(newGroup.text.toString()))
        newGroup.text.clear()
    }
    private val keyAbout = context.words(context.say(Say.phoneScanFormKeyAbout), Type.SMALL, context.palette.ink2)
    private val keyField = column(named(Say.phoneScanFormKey, key, Field.KEY), keyAbout)
    private val pinField = named(Say.phoneScanFormPinTitle, pin, Field.PIN)
    private val digitsField = named(Say.phoneScanFormDigitsTitle, digits, Field.DIGITS)
    private val periodField = named(Say.phoneScanFormPeriodTitle, period, Field.PERIOD)
    private val counterField = named(Say.phoneScanFormCounterTitle, counter, Field.COUNTER)
    private val more =
        column(
            named(Say.phoneAccountsNote, note, Field.NOTE),
            named(Say.phoneAccountsTags, tags, field = null),
            groups,
            context.field(context.say(Say.phoneAccountsNewGroup), newGroup),
            makeGroup,
            kinds,
            algorithms,
            digitsField,
            periodField,
            counterField,
        )
    private val unfold = context.quietButton("") { onEvent(FormEvent.More) }
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val foot = Part<Pair<Boolean, Boolean>>(context) { (asks, waits) -> footOf(asks, waits) }
    private val title = Part<Boolean>(context) { isNew -> head(isNew) }

    override val view: View =
        context.page(
            title,
            column(
                named(Say.phoneAccountsIssuer, issuer, Field.ISSUER),
                named(Say.phoneAccountsName, name, Field.NAME),
                keyField,
                pinField,
                notice,
                unfold,
                more,
            ),
            foot,
        )

    init {
        bring()
    }

    override fun draw(state: FormState) {
        fields = state.fields
        isNew = state.id == null
        title.show(isNew)
        bring()
        faults.forEach { (field, part) -> part.show(state.faults[field]) }
        kinds.show(fields.kind)
        algorithms.show(fields.algorithm)
        groups.show(state.groups)
        show(state)
        unfold.text = context.say(if (state.showsMore) Say.phoneScanFormLess else Say.phoneScanFormMore)
        notice.show(state.notice)
        foot.show(state.asksLeave to state.waits)
    }

    private fun show(state: FormState) {
        val kind = fields.kind
        keyField.isThere(isNew)
        pinField.isThere(isNew && hasPin(kind))
        more.isThere(state.showsMore)
        kinds.isThere(isNew)
        algorithms.isThere(isNew && (kind == Kind.TIMED || kind == Kind.COUNTED))
        digitsField.isThere(isNew && (kind == Kind.TIMED || kind == Kind.COUNTED))
        periodField.isThere(isNew && kind == Kind.TIMED)
        counterField.isThere(isNew && kind == Kind.COUNTED)
    }

    private fun View.isThere(shows: Boolean) {
        visibility = if (shows) View.VISIBLE else View.GONE
    }

    private fun bring() {
        val texts = listOf(issuer to fields.issuer, name to fields.name, note to fields.note, tags to fields.tags)
        val numbers = listOf(digits to fields.digits, period to fields.period, counter to fields.counter)
        brings = true
        for ((field, words) in texts + numbers) if (field.text.toString() != words) field.setText(words)
        brings = false
    }

    private fun typed(type: Int): EditText = context.input(type).apply { addTextChangedListener(heard) }

    private fun read() = fields.copy(
        issuer = issuer.text.toString(),
        name = name.text.toString(),
        note = note.text.toString(),
        tags = tags.text.toString(),
        digits = digits.text.toString(),
        period = period.text.toString(),
        counter = counter.text.toString(),
    )

    private fun named(words: Text, input: EditText, field: Field?): LinearLayout {
        val fault =
            Part<Text?>(context) { it?.let { context.words(context.say(it), Type.SMALL, context.palette.warn) } }
        field?.let { faults[it] = fault }
        return column(context.field(context.say(words), input), fault)
    }

    private fun column(vararg children: View) = context.column(*children)

    private fun head(isNew: Boolean): View =
        context.head(context.say(if (isNew) Say.phoneScanFormNew else Say.phoneScanFormEdit), {
            onEvent(FormEvent.Leave)
        })

    private fun footOf(asks: Boolean, waits: Boolean): View = with(context) {
        if (asks) {
            column(
                words(say(Say.phoneScanFormLeave)),
                mainButton(say(Say.phoneScanFormLeaveNo)) { onEvent(FormEvent.Leaving(false)) },
                quietButton(say(Say.phoneScanFormLeaveYes)) { onEvent(FormEvent.Leaving(true)) },
            )
        } else {
            mainButton(say(if (waits) Say.phoneWait else Say.phoneSave), onTap = ::save).apply {
                isEnabled = !waits
            }
        }
    }

    private fun groups(all: List<GroupChoice>): View {
        val boxes = all.map { group ->
            CheckBox(context).apply {
                text = group.name
                look(Type.TEXT, context.palette.ink)
                minHeight = context.px(Space.TARGET)
                isChecked = group.isIn
                setOnCheckedChangeListener { _, isIn -> onEvent(FormEvent.Group(group.id, isIn)) }
            }
        }
        return context.column(
            context.section(context.say(Say.phoneAccountsGroups)),
            *boxes.toTypedArray(),
        )
    }

    private fun save() = onEvent(FormEvent.Save(key.secret().takeIf { isNew }, pin.secret().takeIf { isNew }))

    private companion object {
        val ALGORITHMS = listOf(Algorithm.SHA1 to "SHA-1", Algorithm.SHA256 to "SHA-256", Algorithm.SHA512 to "SHA-512")
    }
}

private fun Kind.words(): Text = when (this) {
    Kind.TIMED -> Say.phoneScanFormKindTimed
    Kind.COUNTED -> Say.phoneScanFormKindCounted
    Kind.STEAM -> Say.tuiKindSteam
    Kind.YANDEX -> Say.tuiKindYandex
    Kind.MOTP -> Say.tuiKindMotp
}
