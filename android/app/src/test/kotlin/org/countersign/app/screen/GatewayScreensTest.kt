package org.countersign.app.screen

import org.countersign.bindings.JoiningRow
import org.countersign.bindings.Os
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Secret
import org.countersign.logic.Tone
import org.countersign.logic.accounts.Fact
import org.countersign.logic.accounts.GatewayLine
import org.countersign.logic.approval.HistoryState
import org.countersign.logic.approval.Past
import org.countersign.logic.approval.PastWord
import org.countersign.logic.approval.Told
import org.countersign.logic.gateway.GatewayScreenState
import org.countersign.logic.gateway.GatewaysState
import org.countersign.logic.gateway.LeaveAsk
import org.countersign.logic.gateway.MoveState
import org.countersign.logic.gateway.MoveStep
import org.countersign.logic.text.Day
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

private const val DAY = 86_400UL
private const val LONG_HOST = "authentication-gateway.department.subsidiary.example.com:8443"

/** What was decided, where this phone is enrolled, and the move to another one, in every look. */
@RunWith(RobolectricTestRunner::class)
class GatewayScreensTest {
    @Test
    fun historyStandsByDay() = history("history", HISTORY)

    @Test
    fun anEntryShowsAllThatWasSigned() =
        history("history-open", HISTORY.copy(waiting = emptyList(), told = emptyList(), open = "p1"))

    @Test
    fun aReportIsAskedFirst() = history("history-report", HISTORY.copy(reporting = "t", past = HISTORY.past.take(1)))

    @Test
    fun historyBegins() = history(
        "history-empty",
        HistoryState(emptyList(), emptyList(), emptyList(), emptySet(), null, loads = false, notice = null),
    )

    @Test
    fun gatewaysAreListed() = gateways(
        "gateways",
        GatewaysState(
            listOf(
                GatewayLine("a", "Example Ltd", "gate.example.com", Say.tuiStateActive, needsCare = false),
                GatewayLine(
                    "b",
                    "The Royal Society for the Protection of Very Long Names",
                    LONG_HOST,
                    Say.tuiStateSuspended,
                    needsCare = true,
                ),
            ),
            listOf("c"),
            null,
            null,
        ),
    )

    @Test
    fun gatewaysBegin() = gateways("gateways-empty", GatewaysState(emptyList(), emptyList(), null, null))

    @Test
    fun gatewaysSayWhatKeepsSignInsFromBeingTold() = gateways(
        "gateways-bell",
        GatewaysState(
            listOf(GatewayLine("a", "Example Ltd", "gate.example.com", Say.tuiStateActive, needsCare = false)),
            emptyList(),
            null,
            Notice(Say.phoneBellNotAllowed, Act.BELLS, tone = Tone.WARN),
        ),
    )

    @Test
    fun aGatewayIsKnown() = gateway("gateway", GATEWAY)

    @Test
    fun aGatewayThatWaitsShowsItsDigits() = gateway(
        "gateway-pending",
        GATEWAY.copy(digits = Digits("482915"), care = Notice(Say.tuiAboutPending), canMove = false),
    )

    @Test
    fun aPhoneIsRemovedAfterAQuestion() = gateway("gateway-leave", GATEWAY.copy(ask = LeaveAsk.LEAVE))

    @Test
    fun aGatewayThatWasNotToldMayBeForgotten() = gateway(
        "gateway-forget",
        GATEWAY.copy(
            host = LONG_HOST,
            ask = LeaveAsk.FORGET,
            notice = Notice(Say.errorNetwork, Act.RETRY, "connect"),
        ),
    )

    @Test
    fun aGatewayWhoseKeysAreGoneSaysSo() = gateway(
        "gateway-keys",
        GATEWAY.copy(
            care = Notice(Say.errorKeyGone, Act.ENROL_AGAIN, tone = Tone.WARN),
            canMove = false,
            hasPage = false,
        ),
    )

    @Test
    fun theMoveAsksWhetherThisPhoneStays() = move("move", MoveStep.Asking)

    @Test
    fun theMoveShowsACode() = move("move-code", MoveStep.Shows(LINK, NOON + 290UL))

    @Test
    fun theMoveAsksForTheDigitsOfTheNewPhone() = move(
        "move-join",
        MoveStep.Joining(JoiningRow(Os.ANDROID, "Fairphone 5"), waits = false),
        Notice(Say.errorWrongDigits(plain("2"))),
    )

    @Test
    fun theDigitsAreOnTheirWay() =
        move("move-join-waits", MoveStep.Joining(JoiningRow(Os.ANDROID, "Fairphone 5"), waits = true))

    @Test
    fun theMoveIsDone() = move("move-done", MoveStep.Done(Say.tuiMovedReplace(plain("gate.example.com"))))

    private fun history(name: String, state: HistoryState) = everyLook(name, state) {
        HistoryDrawing(it, onBack = {}, onEvent = {})
    }

    private fun gateways(name: String, state: GatewaysState) = everyLook(name, state) {
        GatewaysDrawing(it, onBack = {}, onEvent = {})
    }

    private fun gateway(name: String, state: GatewayScreenState) = everyLook(name, state) {
        GatewayDrawing(it, onBack = {}, onEvent = {})
    }

    private fun move(name: String, step: MoveStep, notice: Notice? = null) =
        everyLook(name, MoveState(NOON, "gate.example.com", step, notice)) { MoveDrawing(it, onEvent = {}) }

    private companion object {
        val LINK =
            Secret("https://gate.example.com/enrol#v=1&i=2bWkQ0uJ3v9Zr8TnYxLm5A&s=kH7cPq1dR4sW6yB8eF0gJ2".toByteArray())

        fun past(id: String, end: PastWord, word: Text, at: ULong) =
            Past(id, Say.tuiSignInTo, "Payroll", "gate.example.com", at, end, word, ASKED.facts, null)

        val HISTORY =
            HistoryState(
                waiting = listOf(ASKED),
                told = listOf(
                    Told(
                        "t",
                        Say.tuiNoticeDeviceAdded(plain("Pixel 9")),
                        "gate.example.com",
                        NOON - 900UL,
                        ASKED.facts.take(1),
                        true,
                        null,
                    ),
                ),
                past =
                    listOf(
                        past("p1", PastWord.APPROVED, Say.phonePastApproved, NOON - 300UL),
                        past("p2", PastWord.REPORTED, Say.phonePastReported, NOON - 4_000UL),
                        past("p3", PastWord.EXPIRED, Say.phonePastExpired, NOON - DAY),
                        past("p4", PastWord.DENIED, Say.phonePastDeniedElsewhere, NOON - DAY - 60UL),
                    ),
                undo = setOf("p1"),
                open = null,
                loads = false,
                notice = null,
            )
        val GATEWAY =
            GatewayScreenState(
                name = "Example Ltd",
                host = "gate.example.com",
                facts =
                    listOf(
                        Fact(Say.phoneGatewayAccount, plain("mara@example.com")),
                        Fact(Say.phoneGatewayState, Say.tuiStateActive),
                        Fact(Say.phoneGatewaySince, Day(NOON)),
                    ),
                digits = null,
                canMove = true,
                hasPage = true,
                care = null,
                ask = null,
                waits = false,
                isGone = false,
                notice = null,
            )
    }
}
