package org.countersign.logic.scan

import org.countersign.bindings.Repair
import org.countersign.bindings.Scanned
import org.countersign.bindings.ScannedClass
import org.countersign.logic.fault.inputText
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count
import org.countersign.logic.text.plain

/** What something is that is not taken, and what to do with it. */
internal fun otherText(scanned: Scanned): Text = when (scanned) {
    is Scanned.Unreadable -> Say.phoneScanUnreadable
    is Scanned.UnreadablePart -> Say.scanPartDamaged
    is Scanned.Refused -> inputText(scanned.fault)
    is Scanned.Login -> Say.qrLogin
    is Scanned.Other -> classText(scanned.what)
    else -> Say.qrText
}

internal fun classText(what: ScannedClass): Text = when (what) {
    is ScannedClass.Account -> Say.qrAccount
    is ScannedClass.Enrolment -> Say.qrEnrolment
    is ScannedClass.Login -> Say.qrLogin
    is ScannedClass.Offline -> Say.qrOffline
    is ScannedClass.Migration -> Say.phoneScanPart
    is ScannedClass.Sheet -> Say.phoneScanSheet
    is ScannedClass.Backup -> Say.qrBackup
    is ScannedClass.Microsoft -> Say.qrMicrosoft
    is ScannedClass.Passkey -> Say.qrPasskey
    is ScannedClass.OtherPush -> Say.qrOtherPush(plain(what.name))
    is ScannedClass.OwnApp -> Say.qrOwnApp(plain(what.maker))
    is ScannedClass.Wifi -> Say.qrWifi
    is ScannedClass.Contact -> Say.qrContact
    is ScannedClass.Calendar -> Say.qrCalendar
    is ScannedClass.Phone -> Say.qrPhone
    is ScannedClass.Mail -> Say.qrMail
    is ScannedClass.Place -> Say.qrPlace
    is ScannedClass.Sim -> Say.qrSim
    is ScannedClass.Payment -> Say.qrPayment
    is ScannedClass.Wallet -> Say.qrWallet
    is ScannedClass.Thing -> Say.qrThing
    is ScannedClass.Serial -> Say.qrSerial
    is ScannedClass.WebPage -> Say.qrWebPage(plain(what.host))
    is ScannedClass.Text -> Say.qrText
    is ScannedClass.Empty -> Say.qrEmpty
    is ScannedClass.TooLong -> Say.qrTooLong(count(what.bytes))
}

/** A fault that was mended, or a thing worth telling. */
internal fun repairText(repair: Repair): Text = when (repair) {
    is Repair.NotUtf8 -> Say.qrNotUtf8
    is Repair.Removed -> Say.qrRemoved(field(repair.field))
    is Repair.Glued -> Say.qrGlued(field(repair.field))
    is Repair.PlusIsBlank -> Say.qrPlusIsBlank
    is Repair.PlusKept -> Say.qrPlusKept
    is Repair.TwoIssuers -> Say.qrTwoIssuers(plain(repair.kept))
    is Repair.KeyLowerCase, is Repair.KeyBlanks, is Repair.KeyPadding -> Say.qrKeyWrittenOddly
    is Repair.KeyLooseEnd -> Say.qrKeyLooseEnd
    is Repair.KeyShort -> Say.qrKeyShort(count(repair.bits))
    is Repair.AlgorithmSpelling -> Say.qrAlgorithmSpelling
    is Repair.EmptyParameter -> Say.qrEmptyParameter(field(repair.field))
    is Repair.CounterMissing, is Repair.CounterMinusOne -> Say.qrCounterMissing
    is Repair.Fixed -> Say.qrFixed(field(repair.field))
    is Repair.MaybeSteam -> Say.phoneScanMaybeSteam
    is Repair.LetterCase, is Repair.Slashes, is Repair.LabelSlash, is Repair.Hash, is Repair.Percent -> odd()
}

private fun odd(): Text = Say.qrWrittenOddly

/** A part of a link by its name there. */
private fun field(name: String): Text = when (name) {
    "secret" -> Say.qrFieldSecret
    "issuer" -> Say.qrFieldIssuer
    "algorithm" -> Say.qrFieldAlgorithm
    "digits" -> Say.qrFieldDigits
    "period" -> Say.qrFieldPeriod
    "counter" -> Say.qrFieldCounter
    "image" -> Say.qrFieldImage
    "pin" -> Say.qrFieldPin
    "label" -> Say.qrFieldLabel
    else -> Say.qrFieldOther
}
