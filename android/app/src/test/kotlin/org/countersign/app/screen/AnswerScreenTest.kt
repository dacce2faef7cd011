package org.countersign.app.screen

import org.countersign.logic.Notice
import org.countersign.logic.gateway.AnswerState
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** A sign-in without a network, in every look. */
@RunWith(RobolectricTestRunner::class)
class AnswerScreenTest {
    @Test
    fun nothingIsShownBeforeItIsVerified() = answer("answer-checks", ANSWER.copy(asked = null, waits = true))

    @Test
    fun whoAsksStandsBeforeTheCode() = answer("answer", ANSWER)

    @Test
    fun theEightDigitsAreGrouped() = answer("answer-code", ANSWER.copy(code = Digits("40718825")))

    @Test
    fun aCodeThatIsNotMadeSaysWhy() = answer("answer-failed", ANSWER.copy(notice = Notice(Say.errorNoAnswerCodes)))

    @Test
    fun aLinkThatIsGoneIsScannedAgain() = answer("answer-no-link", ANSWER.copy(host = "", asked = null))

    private fun answer(name: String, state: AnswerState) = everyLook(name, state) { AnswerDrawing(it, onEvent = {}) }

    private companion object {
        val ANSWER = AnswerState("gate.example.com", ASKED, waits = false, code = null, notice = null)
    }
}
