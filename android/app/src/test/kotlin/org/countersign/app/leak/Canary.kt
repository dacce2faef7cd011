package org.countersign.app.leak

import java.math.BigInteger
import java.util.Base64
import java.util.Locale

/** So many bytes of a form at least are looked for. */
private const val LEAST = 6

/** A secret that the test knows, in every form in which it might be written. */
class Canary private constructor(val name: String, val forms: List<Form>, val isDigits: Boolean) {
    class Form(val name: String, val bytes: ByteArray)

    companion object {
        /** Key material. */
        fun bytes(name: String, bytes: ByteArray) = Canary(name, forms(bytes), isDigits = false)

        /** Something that a person types. */
        fun text(name: String, text: String) = Canary(name, forms(text.toByteArray()) + wide(text), isDigits = false)

        /** The digits of a code, with or without gaps. They count where they stand alone, and not inside longer numbers. */
        fun digits(name: String, shown: String): Canary {
            val digits = shown.filter(Char::isDigit)
            require(digits.length >= LEAST) { "digits" }
            val halves = digits.take(digits.length / 2) to digits.drop(digits.length / 2)
            val grouped = listOf("", " ", "\u00a0", "\u202f").map { halves.first + it + halves.second }
            return Canary(name, grouped.flatMap { listOf(Form("plain", it.toByteArray())) + wide(it) }, isDigits = true)
        }

        private fun forms(bytes: ByteArray): List<Form> {
            val hex = bytes.joinToString("") { "%02x".format(Locale.ROOT, it) }
            val base64 = Base64.getEncoder().withoutPadding()
            val texts = listOf(
                "hex" to hex,
                "upper hex" to hex.uppercase(Locale.ROOT),
                "list of numbers" to bytes.joinToString { it.toUByte().toString() },
                "list of signed numbers" to bytes.joinToString(),
                "base32" to base32(bytes),
                "lower base32" to base32(bytes).lowercase(Locale.ROOT),
            ) + (0 until GROUP).flatMap { before ->
                val inside = inside(base64, before, bytes)
                listOf("base64" to inside, "base64url" to inside.replace('+', '-').replace('/', '_'))
            }
            return listOf(Form("raw", bytes)) +
                texts.flatMap { (name, text) -> listOf(Form(name, text.toByteArray())) + wide(text, name) }
        }

        /** As `String`s lie in memory and in parcels: two bytes a letter. */
        private fun wide(text: String, name: String = "plain") =
            listOf(Form("wide $name", text.toByteArray(Charsets.UTF_16LE)))

        /** What [bytes] become behind [before] other ones: the letters that no neighbour has a part in. */
        private fun inside(base64: Base64.Encoder, before: Int, bytes: ByteArray): String {
            val bits = 8 * (before + bytes.size)
            return base64.encodeToString(ByteArray(before) + bytes).substring((8 * before + 5) / 6, bits / 6)
        }

        private const val GROUP = 3
    }
}

internal fun base32(bytes: ByteArray): String {
    val digits = (bytes.size * 8 + 4) / 5
    var number = BigInteger(1, bytes).shiftLeft(digits * 5 - bytes.size * 8)
    val letters = CharArray(digits)
    for (at in digits - 1 downTo 0) {
        letters[at] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[number.and(BigInteger.valueOf(31)).toInt()]
        number = number.shiftRight(5)
    }
    return String(letters)
}

/** Something that the app wrote, or gave to the system. */
class Place(val name: String, val bytes: ByteArray) {
    constructor(name: String, text: String) : this(name, text.toByteArray())
}

/** Each place where a canary stands: names alone, since a failing test is a log too. */
fun found(canaries: List<Canary>, places: List<Place>): List<String> = places.flatMap { place ->
    canaries.mapNotNull { canary ->
        val form = canary.forms.firstOrNull { place.bytes.holds(it.bytes, canary.isDigits) }
        form?.let { "${canary.name} in ${place.name}, ${it.name}" }
    }
}.distinct()

private fun ByteArray.holds(part: ByteArray, isDigits: Boolean): Boolean =
    (0..size - part.size).any { at -> hasAt(at, part) && (!isDigits || standsAlone(at, at + part.size)) }

private fun ByteArray.hasAt(at: Int, part: ByteArray): Boolean {
    for (i in part.indices) if (this[at + i] != part[i]) return false
    return true
}

/** The fraction of a second and a longer number hold many digits by chance. */
private fun ByteArray.standsAlone(from: Int, to: Int): Boolean {
    val before = getOrNull(from - 1)?.toInt()?.toChar() ?: ' '
    val after = getOrNull(to)?.toInt()?.toChar() ?: ' '
    return before != '.' && before !in '0'..'9' && after !in '0'..'9'
}
