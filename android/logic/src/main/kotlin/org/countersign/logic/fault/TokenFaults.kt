package org.countersign.logic.fault

import org.countersign.bindings.BurnFault
import org.countersign.bindings.CountersignException
import org.countersign.bindings.DeclinedToken
import org.countersign.bindings.Held
import org.countersign.bindings.LinkFault
import org.countersign.bindings.Misfit
import org.countersign.bindings.TokenFault
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.text.Lines
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count
import org.countersign.logic.text.plain

/** A hardware token refused, or its link failed; none where the person stopped it. */
fun tokenNotice(fault: TokenFault): Notice? = when (fault) {
    is TokenFault.Link -> linkNotice(fault.how)
    is TokenFault.Port -> portNotice(fault.fault)
    is TokenFault.WrongKey -> Notice(wrongKey(fault.left), tone = Tone.DANGER)
    is TokenFault.NotKept -> Notice(Say.tokenNotKept, tone = Tone.DANGER)
    is TokenFault.NotTouched -> Notice(Say.tokenNotTouched, Act.RETRY)
    else -> Notice(tokenText(fault))
}

private fun tokenText(fault: TokenFault): Text = when (fault) {
    is TokenFault.Status -> Say.tokenStatus(plain(fault.status.toString(radix = 16)))
    is TokenFault.AccessCode -> Say.phoneTokenAccessCode
    is TokenFault.Pin -> Say.tokenPin
    is TokenFault.Off -> Say.tokenOff
    is TokenFault.Full -> Say.tokenFull
    is TokenFault.Absent -> Say.tokenAbsent
    is TokenFault.OtherLayer -> Say.phoneTokenOtherLayer
    is TokenFault.TooLong -> Say.tokenTooLong
    is TokenFault.OtherToken -> Say.tokenOtherToken
    is TokenFault.KeyLength -> Say.tokenKeyLength(count(fault.bytes))
    is TokenFault.Unable -> Say.tokenUnable
    is TokenFault.Declined -> declinedText(fault.why)
    else -> Say.phoneTokenUnreadable
}

private fun wrongKey(left: UByte?): Text = left?.let { Say.tokenWrongKeyLeft(count(it)) } ?: Say.tokenWrongKey

/** The link brought no answer; none where the person stopped it. */
fun linkNotice(how: LinkFault): Notice? = when (how) {
    LinkFault.LOST -> Notice(Say.phoneTokenLost, Act.RETRY)
    LinkFault.LATE -> Notice(Say.tokenLinkLate, Act.RETRY)
    LinkFault.READER -> Notice(Say.phoneTokenReader, Act.RETRY)
    LinkFault.CANCELLED -> null
}

/** A token that is recognised, and cannot be written. */
fun declinedText(why: DeclinedToken): Text = when (why) {
    DeclinedToken.SILENT -> Say.tokenDeclinedSilent
    DeclinedToken.UNKNOWN -> Say.tokenDeclinedUnknown
    DeclinedToken.SECURITY_KEY -> Say.tokenDeclinedSecurityKey
    DeclinedToken.FACTORY_SEEDED -> Say.tokenDeclinedFactorySeeded
    DeclinedToken.PROTECTIMUS_SLIM -> Say.tokenDeclinedSlim
    DeclinedToken.MOLTO1 -> Say.tokenDeclinedMolto1
    DeclinedToken.TOKEN2_FIRST -> Say.tokenDeclinedToken2First
    DeclinedToken.FEITIAN_DISPLAY -> Say.tokenDeclinedFeitianDisplay
    DeclinedToken.SAFE_ID -> Say.tokenDeclinedSafeId
    DeclinedToken.EXCELSECU -> Say.tokenDeclinedExcelsecu
    DeclinedToken.FACTORY_VENDOR -> Say.tokenDeclinedFactoryVendor
}

/** A burn is not made, or did not come to its end. */
fun burnNotice(fault: BurnFault): Notice = when (fault) {
    is BurnFault.Misfits -> Notice(Say.tokenMisfits(Lines(fault.misfits.map(::misfitText))))
    is BurnFault.UnknownModel -> Notice(Say.phoneTokenUnknownModel, tone = Tone.WARN)
    is BurnFault.OtherSerial -> Notice(Say.tokenOtherSerial)
    is BurnFault.Taken -> Notice(Say.tokenChanged, Act.RETRY)
    is BurnFault.Stopped -> stopped(fault)
    is BurnFault.NotKept -> Notice(Say.tokenNotKept, tone = Tone.DANGER)
    is BurnFault.Unrecorded -> Notice(Say.phoneTokenUnrecorded, tone = Tone.WARN)
}

private fun stopped(fault: BurnFault.Stopped): Notice {
    val why = tokenNotice(fault.fault)?.text ?: Say.tokenLinkCancelled
    return Notice(Say.tokenLost(why, holdsText(fault.holds)), Act.RETRY, tone = Tone.WARN)
}

/** What the token may hold after a burn that stopped. */
fun holdsText(holds: List<Held>): Text = when {
    holds.isEmpty() -> plain("")
    holds.size == 1 -> Say.tokenHolds(heldText(holds.single()))
    else -> Say.tokenHoldsEither(Lines(holds.map(::heldText)))
}

private fun heldText(held: Held): Text = when (held) {
    Held.BEFORE -> Say.tokenHeldBefore
    Held.MIXED -> Say.tokenHeldMixed
    Held.NOTHING -> Say.tokenHeldNothing
    Held.NEW -> Say.tokenHeldNew
}

private fun misfitText(misfit: Misfit): Text = when (misfit) {
    is Misfit.Counter -> Say.tokenMisfitCounter
    is Misfit.CounterStart -> Say.tokenMisfitCounterStart(count(misfit.counter))
    is Misfit.Algorithm -> Say.tokenMisfitAlgorithm(plain(misfit.algorithm.name))
    is Misfit.Digits -> Say.tokenMisfitDigits(count(misfit.digits))
    is Misfit.Period -> Say.tokenMisfitPeriod(count(misfit.seconds))
    is Misfit.Start -> Say.tokenMisfitStart
    is Misfit.Seed -> Say.tokenMisfitSeed(count(misfit.bytes))
    is Misfit.NoName -> Say.phoneMisfitNoName
    is Misfit.Name -> Say.tokenMisfitName(count(misfit.bytes))
    is Misfit.Characters -> Say.tokenMisfitCharacters
    is Misfit.PeriodInName -> Say.tokenMisfitPeriodInName
    is Misfit.Profile -> Say.phoneMisfitProfile
    is Misfit.Title -> Say.phoneMisfitTitle
    is Misfit.Display -> Say.phoneMisfitDisplay
    is Misfit.Touch -> Say.tokenMisfitTouch
}

/**
 * Whether a burn that failed so is gone on with by holding the token again: it left, or was not there at all. Whatever else is
 * wrong is wrong the next time too, and a token counts the keys that are tried on it.
 */
fun canHoldAgain(fault: CountersignException): Boolean = when (fault) {
    is CountersignException.Token -> canHoldAgain(fault.fault)

    is CountersignException.Burn -> when (val why = fault.fault) {
        is BurnFault.Stopped -> canHoldAgain(why.fault)
        is BurnFault.OtherSerial -> true
        else -> false
    }

    else -> false
}

private fun canHoldAgain(fault: TokenFault): Boolean =
    fault is TokenFault.Link || fault is TokenFault.OtherToken || fault is TokenFault.NotTouched ||
        fault is TokenFault.OtherLayer || fault is TokenFault.Unreadable
