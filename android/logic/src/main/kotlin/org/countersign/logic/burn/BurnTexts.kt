package org.countersign.logic.burn

import org.countersign.bindings.BurnEnding
import org.countersign.bindings.BurnRow
import org.countersign.bindings.Erases
import org.countersign.bindings.LedgerRow
import org.countersign.bindings.PlanNote
import org.countersign.bindings.PlanRow
import org.countersign.bindings.TokenName
import org.countersign.bindings.TokenStep
import org.countersign.logic.core.Planned
import org.countersign.logic.fault.tokenNotice
import org.countersign.logic.text.Moment
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.countersign.logic.text.span

internal fun shown(planned: Planned): PlanShown {
    val row = planned.row
    val elsewhere = planned.elsewhere?.let {
        Say.phoneBurnElsewhere(tokenText(it.token, it.model), Moment(it.writtenAt))
    }
    val standing = planned.standing?.let { Say.phoneBurnStands(owner(it), Moment(it.writtenAt)) }
    return PlanShown(
        token = row.identity.token,
        model = row.identity.model?.let(::plain) ?: Say.phoneBurnUnknownModel,
        serial = row.identity.token.serial,
        account = listOf(row.issuer, row.name).filter { it.isNotEmpty() }.joinToString(": "),
        erases = erasesText(row.erases),
        isErasing = row.erases != Erases.Nothing,
        notes = listOfNotNull(standing, elsewhere) + facts(row) + row.notes.map(::noteText),
    )
}

/** What is known of a burn that was broken off: nothing more is asked about it. */
internal fun shown(row: BurnRow) = PlanShown(
    token = row.token,
    model = row.model?.let(::plain) ?: Say.phoneBurnUnknownModel,
    serial = row.token.serial,
    account = listOf(row.issuer, row.name).filter { it.isNotEmpty() }.joinToString(": "),
    erases = Say.tokenErasesNothing,
    isErasing = false,
    notes = emptyList(),
)

/** What a step came to. Steps that are one thing to a person share a sentence. */
internal fun stepText(step: TokenStep): Text = when (step) {
    TokenStep.INFO, TokenStep.SELECT, TokenStep.LIST, TokenStep.CHALLENGE, TokenStep.AGREE -> Say.phoneBurnStepAnswered
    TokenStep.VALIDATE, TokenStep.AUTHENTICATE, TokenStep.RESPOND -> Say.phoneBurnStepLetIn
    TokenStep.DELETE, TokenStep.RESET -> Say.phoneBurnStepErased
    TokenStep.CONFIG -> Say.phoneBurnStepSettings
    TokenStep.CLOCK -> Say.phoneBurnStepClock
    TokenStep.SEED, TokenStep.PUT -> Say.phoneBurnStepSeed
    TokenStep.TITLE -> Say.phoneBurnStepTitle
    TokenStep.READ_BACK -> Say.phoneBurnStepReadBack
    TokenStep.CHANGE_KEY -> Say.phoneBurnStepOwnKey
    TokenStep.SCREEN -> Say.phoneBurnStepScreen
}

private fun facts(row: PlanRow): List<Text> = listOfNotNull(
    row.profile?.let { Say.tokenPlanProfile(count(it)) },
    row.label.takeIf { it.isNotEmpty() }?.let { Say.tokenPlanLabel(plain(it)) },
)

internal fun tokenText(name: TokenName, model: String): Text = plain(
    listOf(
        model.ifEmpty {
            name.family.name
        },
        name.serial.orEmpty(),
    ).filter { it.isNotEmpty() }.joinToString(" "),
)

internal fun owner(row: LedgerRow): Text {
    val names = listOf(row.issuer, row.name).filter { it.isNotEmpty() }
    return if (names.isEmpty()) Say.tokenOwnerNone else plain(names.joinToString(": "))
}

internal fun erasesText(erases: Erases): Text = when (erases) {
    is Erases.Nothing -> Say.tokenErasesNothing
    is Erases.Whole -> Say.tokenErasesWhole
    is Erases.Profile -> Say.tokenErasesProfile(count(erases.number), plain(erases.title))
    is Erases.Entry -> Say.tokenErasesEntry(plain(erases.name))
    is Erases.Unknown -> Say.tokenErasesUnknown
}

internal fun noteText(note: PlanNote): Text = when (note) {
    is PlanNote.Extended -> Say.tokenNoteExtended(count(note.bytes))
    is PlanNote.Hashed -> Say.tokenNoteHashed
    is PlanNote.NoLabel -> Say.tokenNoteNoLabel
    is PlanNote.PublicTitle -> Say.tokenNotePublicTitle
    is PlanNote.Overheard -> Say.tokenNoteOverheard
    is PlanNote.SwitchOff -> Say.tokenNoteSwitchOff
    is PlanNote.Experimental -> Say.tokenNoteExperimental
    is PlanNote.UnknownModel -> Say.tokenNoteUnknownModel
    is PlanNote.BlankBetween -> Say.phoneBurnBlankBetween
    is PlanNote.TouchToWrite -> Say.tokenNoteTouchToWrite
    is PlanNote.CounterMoves -> Say.tokenNoteCounterMoves
}

/** How a burn ended, and in which sentence. */
internal fun endText(ending: BurnEnding): Pair<BurnEnd, Text> = when (ending) {
    is BurnEnding.ProvenByLink, is BurnEnding.CountedByLink -> BurnEnd.PROVEN to Say.tokenProvenByLink

    is BurnEnding.ProvenByPerson, is BurnEnding.CountedByPerson -> BurnEnd.PROVEN to Say.tokenProvenByPerson

    // Its seed is right, and its codes may be refused: it is no token to hand out, as the list says too.
    is BurnEnding.ClockOff -> BurnEnd.WRITTEN to Say.tokenEndedClockOff(clockText(ending.seconds))

    is BurnEnding.Written -> {
        val why = ending.fault?.let(::tokenNotice)?.text
        BurnEnd.WRITTEN to (why?.let(Say::tokenWrittenUnread) ?: Say.tokenWritten)
    }

    is BurnEnding.Failed -> BurnEnd.FAILED to Say.tokenNotThisSeed

    is BurnEnding.NotWritten -> BurnEnd.FAILED to Say.tokenNotWritten
}

private fun clockText(seconds: Long): Text =
    if (seconds > 0) Say.tokenClockAhead(span(seconds.toULong())) else Say.tokenClockBehind(span((-seconds).toULong()))
