package org.countersign.logic.fault

import org.countersign.bindings.ClosedStatus
import org.countersign.bindings.InputFault
import org.countersign.bindings.RowFault
import org.countersign.bindings.SeedFault
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count

/** The person can mend it. */
fun inputNotice(fault: InputFault): Notice = when (fault) {
    is InputFault.VaultLocked -> Notice(Say.errorVaultLocked, Act.UNLOCK)
    is InputFault.NewerVault, is InputFault.NewerLink -> Notice(inputText(fault), Act.UPDATE)
    else -> Notice(inputText(fault))
}

/** The same as a sentence alone, for a row of many. */
fun inputText(fault: InputFault): Text = when (fault) {
    is InputFault.Field -> Say.phoneFieldRefused
    is InputFault.Form -> Say.errorForm
    is InputFault.TooMuch -> Say.phoneTooMuch(count(fault.found), count(fault.most))
    is InputFault.WrongPassphrase -> Say.errorWrongPassphrase
    is InputFault.VaultLocked -> Say.errorVaultLocked
    is InputFault.VaultExists -> Say.errorVaultExists
    is InputFault.NoVault -> Say.errorNoVault
    is InputFault.NotAVault -> Say.errorNotAVault
    is InputFault.HeaderDamaged -> Say.errorHeaderDamaged
    is InputFault.NewerVault -> Say.errorNewerVault(count(fault.found), count(fault.known))
    is InputFault.Slot -> Say.errorSlot
    is InputFault.LastPassphrase -> Say.errorLastPassphrase
    is InputFault.SheetLine -> Say.errorSheetLine(count(fault.line))
    is InputFault.WrongSheet -> Say.errorWrongSheet
    is InputFault.Duplicate -> Say.errorDuplicate
    is InputFault.NotFound -> Say.phoneNotFound
    is InputFault.SameName -> Say.errorSameName
    is InputFault.Bound -> Say.errorBound
    is InputFault.NoLink -> Say.errorNoLink
    is InputFault.Unfinished -> Say.errorUnfinished
    is InputFault.OtherPhone -> Say.errorOtherPhone
    is InputFault.Damaged -> Say.errorDamaged
    is InputFault.NewerLink -> Say.errorNewerLink
    is InputFault.Ended -> endedText(fault.how)
    is InputFault.DigitsAsked -> Say.errorDigitsAsked(count(fault.digits))
    is InputFault.DecidedMeanwhile -> Say.errorDecidedMeanwhile
    is InputFault.WrongKind -> Say.errorWrongKind
    is InputFault.Seed -> seedText(fault.fault)
    is InputFault.BatchRow -> rowText(fault.fault)
    is InputFault.Ledger -> Say.phoneLedgerRefused
}

/** How a request ended without this phone. */
fun endedText(how: ClosedStatus): Text = when (how) {
    ClosedStatus.APPROVED -> Say.errorEndedApproved
    ClosedStatus.DENIED -> Say.errorEndedDenied
    ClosedStatus.REPORTED -> Say.errorEndedReported
    ClosedStatus.FAILED -> Say.errorEndedFailed
    ClosedStatus.CLOSED, ClosedStatus.OTHER -> Say.errorEndedClosed
    ClosedStatus.EXPIRED -> Say.errorEndedExpired
    ClosedStatus.UNKNOWN -> Say.errorEndedUnknown
}

private fun seedText(fault: SeedFault): Text = when (fault) {
    is SeedFault.KeyNeeded -> Say.phoneSeedKeyNeeded
    is SeedFault.PasswordNeeded -> Say.phoneSeedPasswordNeeded
    is SeedFault.WrongKey -> Say.phoneSeedWrongKey
    is SeedFault.Ambiguous -> Say.phoneSeedAmbiguous
    is SeedFault.Other -> Say.phoneSeedRefused
}

private fun rowText(fault: RowFault): Text = when (fault) {
    is RowFault.Burned -> Say.phoneRowBurned(count(fault.line))
    is RowFault.NoneLeft -> Say.phoneRowNoneLeft
    is RowFault.ForOthers -> Say.phoneRowForOthers(count(fault.left))
    is RowFault.NoRow, is RowFault.NotItsRow, is RowFault.OtherSource -> Say.phoneRowNotIts
}
