package org.countersign.logic.accounts

import org.countersign.bindings.AccountKind
import org.countersign.bindings.NewAccount
import org.countersign.logic.Secret
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

/** Base32, as services show keys. */
private const val BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
private const val BASE32_BITS = 5
private const val HEX_BITS = 4
private const val BYTE = 8

/** What is wrong with what was typed, by field. Core checks all of it again: this says it where it is mended. */
internal fun faults(state: FormState, save: FormEvent.Save): Map<Field, Text> {
    val fields = state.fields
    val faults = mutableMapOf<Field, Text>()
    if (fields.issuer.isBlank() && fields.name.isBlank()) faults[Field.ISSUER] = Say.phoneFormNameless
    if (state.id != null) return faults
    val key = save.key?.let { bytesOf(it, fields.kind) }
    if (key == null || key.isEmpty()) {
        faults[Field.KEY] = if (fields.kind == Kind.MOTP) Say.tuiFormKeyWrongMotp else Say.tuiFormKeyWrong
    }
    if (hasPin(fields.kind) && save.pin?.isEmpty != false) faults[Field.PIN] = Say.phoneFormPin
    return faults + numberFaults(fields)
}

private fun numberFaults(fields: Fields): Map<Field, Text> {
    val faults = mutableMapOf<Field, Text>()
    if (fields.kind == Kind.TIMED || fields.kind == Kind.COUNTED) {
        if (fields.digits.toIntOrNull() !in DIGITS) faults[Field.DIGITS] = Say.phoneFormDigits
    }
    if (fields.kind == Kind.TIMED && fields.period.toIntOrNull() !in PERIODS) faults[Field.PERIOD] = Say.phoneFormPeriod
    if (fields.kind == Kind.COUNTED && fields.counter.toULongOrNull() == null) {
        faults[Field.COUNTER] = Say.phoneFormCounter
    }
    return faults
}

private val DIGITS = 5..10
private val PERIODS = 1..86_400

/** Whether accounts of this kind have a PIN. */
fun hasPin(kind: Kind): Boolean = kind == Kind.YANDEX || kind == Kind.MOTP

/** The account of what was typed, which has no faults. */
internal fun account(fields: Fields, save: FormEvent.Save): NewAccount {
    val kind =
        when (fields.kind) {
            Kind.TIMED -> AccountKind.Totp(fields.period.toULong(), start = 0u)
            Kind.COUNTED -> AccountKind.Hotp(fields.counter.toULong())
            Kind.STEAM -> AccountKind.Steam
            Kind.YANDEX -> AccountKind.Yandex
            Kind.MOTP -> AccountKind.MOtp
        }
    return NewAccount(
        issuer = fields.issuer.trim(),
        name = fields.name.trim(),
        note = fields.note,
        kind = kind,
        algorithm = fields.algorithm,
        digits = fields.digits.toUByteOrNull() ?: SIX,
        secret = save.key?.let { bytesOf(it, fields.kind) } ?: ByteArray(0),
        pin = save.pin?.expose().takeIf { hasPin(fields.kind) },
    )
}

private const val SIX: UByte = 6u

/** The bytes of a key: base32, of mOTP hexadecimal digits; none where it is neither. Blanks do no harm. */
internal fun bytesOf(key: Secret, kind: Kind): ByteArray? {
    val alphabet = if (kind == Kind.MOTP) "0123456789ABCDEF" else BASE32
    val bits = if (kind == Kind.MOTP) HEX_BITS else BASE32_BITS
    val out = ArrayList<Byte>()
    var held = 0
    var count = 0
    for (byte in key.expose()) {
        val letter = byte.toInt().toChar().uppercaseChar()
        if (letter == ' ' || letter == '-' || letter == '=') continue
        val value = alphabet.indexOf(letter)
        if (value < 0) return null
        held = (held shl bits) or value
        count += bits
        if (count >= BYTE) {
            count -= BYTE
            out += (held shr count).toByte()
            held = held and ((1 shl count) - 1)
        }
    }
    return out.toByteArray()
}
