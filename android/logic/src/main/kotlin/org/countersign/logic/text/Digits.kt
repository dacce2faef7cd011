package org.countersign.logic.text

/**
 * The characters of a code or of an approval's digits. No locale ever formats them, and no log gets them.
 */
class Digits(private val figures: String) {
    /** As they are typed and copied: without blanks. */
    fun plain(): String = figures

    /** As they are shown: `492 039`, `1234 5678`, `773 40 12`. */
    fun grouped(): String = groups().joinToString(" ")

    /** As a screen reader says them: one by one, with a pause between the groups. */
    fun spoken(): String = groups().joinToString(", ") { it.toList().joinToString(" ") }

    val size: Int get() = figures.length

    private fun groups(): List<String> {
        val sizes = SIZES[figures.length]
        // Steam's five letters are one word.
        val isWord = figures.length == STEAM && figures.any { it !in '0'..'9' && it != '•' }
        if (sizes == null || isWord) return listOf(figures)
        var at = 0
        return sizes.map { size -> figures.substring(at, at + size).also { at += size } }
    }

    override fun equals(other: Any?): Boolean = other is Digits && other.figures == figures

    override fun hashCode(): Int = figures.hashCode()

    override fun toString(): String = "Digits(..)"

    companion object {
        private const val STEAM = 5

        /** As core groups them. */
        private val SIZES =
            mapOf(
                5 to listOf(3, 2),
                6 to listOf(3, 3),
                7 to listOf(3, 2, 2),
                8 to listOf(4, 4),
                9 to listOf(3, 3, 3),
                10 to listOf(3, 3, 4),
            )

        /** What is shown in place of a code of [size] digits while it is hidden. */
        fun hidden(size: Int): String = Digits("•".repeat(size)).grouped()
    }
}
