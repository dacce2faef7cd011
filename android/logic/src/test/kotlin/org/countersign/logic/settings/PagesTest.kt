package org.countersign.logic.settings

import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Test

class PagesTest {
    @Test
    fun helpAnswersFourQuestions() {
        assertEquals(4, help().answers.toSet().size)
    }

    @Test
    fun aboutNamesTheVersionAndTheLicencesInOrder() {
        val state = about("0.1.0", listOf(Licence("ring", "ISC"), Licence("JNA", "Apache-2.0")))
        assertEquals(Say.phoneSettingsVersion(plain("0.1.0")), state.version)
        assertEquals(listOf("JNA", "ring"), state.licences.map { it.part })
    }
}
