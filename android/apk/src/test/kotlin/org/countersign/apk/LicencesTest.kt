package org.countersign.apk

import java.nio.file.Path
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.io.path.readLines
import org.junit.Assert.assertEquals
import org.junit.Test

/** What comes from Maven stands in the app's list. What the core is linked from is compared by `cargo xtask test --only deps`. */
class LicencesTest {
    private val listed = Path.of("../app/src/main/res/raw/licences.txt").readLines().map { it.substringBefore('\t') }

    @Test
    fun everyPartThatIsPackedHasItsLine() {
        val parts = Path.of(System.getProperty("apk.parts")).listDirectoryEntries("*.{jar,aar}").map { it.name }
        assertEquals(emptyList<String>(), unlisted(parts))
    }

    @Test
    fun aPartWithoutItsLineIsNamed() {
        assertEquals(listOf("okio-3.0.jar"), unlisted(listOf("okio-3.0.jar", "jna-5.19.1.jar", "app-0.1.0.jar")))
    }

    private fun unlisted(parts: List<String>) = parts.filter { part ->
        val maker = MAKERS.entries.firstOrNull { (begin, _) -> part.startsWith(begin) }?.value
        maker != OURS && maker !in listed
    }

    private companion object {
        const val OURS = ""

        /** By how the file's name begins, the name in the list. */
        val MAKERS = mapOf(
            "app-0" to OURS,
            "bindings-0" to OURS,
            "logic-0" to OURS,
            "jna" to "JNA",
            "kotlin-stdlib-" to "Kotlin",
            "kotlinx-coroutines-" to "kotlinx.coroutines",
        )
    }
}
