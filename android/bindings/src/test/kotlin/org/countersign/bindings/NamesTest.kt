package org.countersign.bindings

import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

private val KOTLIN_KEYWORDS =
    """
    as break class continue do else false for fun if in interface is null object package return super
    this throw true try typealias typeof val var when while
    """.words()

private val SWIFT_KEYWORDS =
    """
    associatedtype borrowing class consuming deinit enum extension fileprivate func import init inout
    internal let nonisolated operator precedencegroup private protocol public rethrows static struct
    subscript typealias var break case catch continue default defer do else fallthrough for guard if in
    repeat return throw switch where while any as await false is nil self Self super throws true try
    Type Protocol
    """.words()

/** No keywords, and yet in the way: what every object of the JVM has, and what Swift's optionals are made of. */
private val TAKEN = "wait notify notifyAll finalize hashCode equals getClass clone none some".words()

/** Words of both languages that may be names all the same, and are written plainly where they are used. */
private val CONTEXTUAL = setOf("open")

/** Types that every screen has at hand in Swift or on Android. */
private val TAKEN_TYPES =
    """
    View Result Error Never Any Optional Set Array String Data Date Task Actor Text Image Button List
    Group Label Form Section Toggle Color Font Context Intent Activity Fragment Bundle Application
    Service Handler Uri
    """.words()

private val COMMENT = Regex("/\\*.*?\\*/|//[^\n]*", RegexOption.DOT_MATCHES_ALL)

private fun String.words(): Set<String> = trim().split(Regex("\\s+")).toSet()

/** Names of the generated halves: they read well in both languages, without backticks. */
class NamesTest {
    private val folder = File(checkNotNull(System.getProperty("countersign.bindings")))

    private fun generated(language: String, ending: String): String {
        val files = folder.resolve(language).walk().filter { it.name.endsWith(ending) }.toList()
        return files.single().readText().replace(COMMENT, "")
    }

    private val kotlin = generated("kotlin", ".kt")
    private val swift = generated("swift", ".swift")

    /** The generator puts every name of ours into backticks. */
    private val kotlinNames = backticked(kotlin)

    private val swiftNames =
        Regex("(?:func|case|let|var) `?(\\w+)`?").findAll(swift).map { it.groupValues[1] }.toSet()

    /** Those of the package: one within another is called by both names. */
    private val types =
        Regex("^(?:[a-z]+ )*(?:class|interface|object) (\\w+)", RegexOption.MULTILINE).findAll(kotlin)
            .map { it.groupValues[1] }.toSet()

    @Test
    fun theNamesAreFound() {
        assertTrue("$kotlinNames", kotlinNames.containsAll(listOf("planBurn", "nextHotp", "favourite")))
        assertTrue("$swiftNames", swiftNames.containsAll(listOf("planBurn", "nextHotp", "favourite")))
        assertTrue("$types", types.containsAll(listOf("Countersign", "AccountRow", "BurnEnding")))
    }

    @Test
    fun noneIsAKeywordOfEither() {
        assertEquals(emptySet<String>(), kotlinNames intersect KOTLIN_KEYWORDS)
        assertEquals(emptySet<String>(), kotlinNames intersect SWIFT_KEYWORDS)
        assertEquals(emptySet<String>(), kotlinNames intersect TAKEN)
        assertEquals("keywords stand in backticks", CONTEXTUAL, backticked(swift))
    }

    private fun backticked(code: String): Set<String> =
        Regex("`(\\w+)`").findAll(code).map { it.groupValues[1] }.toSet()

    @Test
    fun noTypeIsCalledLikeOneThatEveryScreenHas() {
        assertEquals(emptySet<String>(), types intersect TAKEN_TYPES)
    }
}
