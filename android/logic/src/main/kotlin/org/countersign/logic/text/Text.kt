package org.countersign.logic.text

/** What a screen says, without its language: the shell finds the words. */
sealed interface Text

/** The sentence of [key], with what stands in its places, in their order. */
data class Said(val key: Key, val values: List<Text> = emptyList()) : Text

/** Words as they are: a name, a host, a number. Never translated. */
data class Plain(val words: String) : Text

/** A day by Unix time, as the phone's language writes it. */
data class Day(val at: ULong) : Text

/** A day and its time, as the phone's language writes them. */
data class Moment(val at: ULong) : Text

/** A country by its two letters, as the phone's language calls it. */
data class Country(val letters: String) : Text

/** Several texts, one a line. */
data class Lines(val all: List<Text>) : Text

fun plain(words: String): Text = Plain(words)

fun count(n: Int): Text = Plain(n.toString())

fun count(n: UByte): Text = Plain(n.toString())

fun count(n: UInt): Text = Plain(n.toString())

fun count(n: ULong): Text = Plain(n.toString())
