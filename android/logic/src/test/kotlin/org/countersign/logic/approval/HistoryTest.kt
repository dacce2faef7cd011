package org.countersign.logic.approval

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.ApprovalState as CoreState
import org.countersign.bindings.ClosedStatus
import org.countersign.bindings.CountersignException
import org.countersign.bindings.Info
import org.countersign.bindings.NoticeDevice
import org.countersign.bindings.NoticeRow
import org.countersign.bindings.NoticeText
import org.countersign.bindings.Op
import org.countersign.bindings.Os
import org.countersign.bindings.PastEnd
import org.countersign.bindings.PastRow
import org.countersign.bindings.PortFault
import org.countersign.bindings.Res
import org.countersign.bindings.Status
import org.countersign.bindings.Verdict
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.CONTEXT
import org.countersign.logic.support.FakeApprovals
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.approval
import org.countersign.logic.text.Day
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class HistoryTest {
    private val calls = FakeApprovals(listOf(approval("one")))

    private fun screen() = Screened(HistoryLogic(calls))

    private val acct = "mara@example.com"

    private fun past(end: PastEnd, notice: NoticeText? = null) =
        PastRow("p", Op.LOGIN, notice, null, "Payroll", "h", "g", acct, CONTEXT, NOW, NOW, end)

    private fun told(state: CoreState = CoreState.Open(null)) = NoticeRow(
        "n",
        NoticeText(
            Info.DEVICE_ADDED,
            NoticeDevice(Os.ANDROID, "Pixel"),
        ),
        "h", "g", acct, false, CONTEXT, NOW, state, true,
    )

    @Test
    fun whatIsDecidedWaitsForNobodyAndCanBeRefused() {
        calls.rows = listOf(approval("one"), approval("p", CoreState.Decided(Status.APPROVED), canApprove = false))
        val screen = screen()
        assertEquals(listOf("one"), screen.state.waiting.map { it.id })
        assertEquals(setOf("p"), screen.state.undo)
        screen.send(HistoryEvent.OpenApproval("p"))
        assertEquals(listOf<Go>(Go.To(Route.Approval("p"))), screen.went)
    }

    @Test
    fun whatIsOverStandsUnderItsDayWithAWord() {
        calls.past = listOf(past(PastEnd.Decided(Status.APPROVED)))
        val entry = screen().state.past.single()
        assertEquals(PastWord.APPROVED to Say.phonePastApproved, entry.end to entry.word)
        assertEquals(Day(NOW), dayOf(entry))
        assertEquals(Say.tuiSignInTo, entry.title)
        assertEquals(4, entry.facts.size)
    }

    @Test
    fun eachEndHasAWord() {
        val ends =
            Status.entries.map { PastEnd.Decided(it) } + Res.entries.map { PastEnd.Sent(it) } +
                ClosedStatus.entries.map { PastEnd.Ended(it) } + listOf(PastEnd.Dismissed, PastEnd.CodeShown)
        val words = ends.map { pastWord(it) }
        assertEquals(PastWord.entries.toSet(), words.map { it.first }.toSet())
        // Twelve words: ends that are the same to a person share one.
        assertEquals(12, words.map { it.second }.toSet().size)
    }

    @Test
    fun anEntryOpensAndCloses() {
        calls.past = listOf(past(PastEnd.Dismissed, NoticeText(Info.LOCKOUT, null)))
        val screen = screen()
        assertEquals(Say.tuiNoticeLockout, screen.state.past.single().title)
        assertEquals("p", screen.send(HistoryEvent.Toggle("p")).open)
        assertEquals(null, screen.send(HistoryEvent.Toggle("p")).open)
    }

    @Test
    fun whatIsToldIsPutAwayOrReported() {
        calls.notices = listOf(told())
        val screen = screen()
        assertEquals(Say.tuiNoticeDeviceAdded(plain("Pixel")), screen.state.told.single().text)
        assertEquals("n", screen.send(HistoryEvent.Report("n")).reporting)
        assertEquals("back takes the question away", null, screen.back().reporting)
        screen.send(HistoryEvent.Reporting(sure = true))
        assertTrue("nothing was asked, so nothing is agreed to", calls.asked.isEmpty())
        screen.send(HistoryEvent.Report("n"))
        screen.send(HistoryEvent.Reporting(sure = true))
        assertEquals(listOf("report n"), calls.asked)
        calls.notices = listOf(told(CoreState.Decided(Status.REPORTED)))
        assertEquals(Say.tuiNoticeReported, screen.send(HistoryEvent.Changed).told.single().reported)
        assertTrue(screen.send(HistoryEvent.PutAway("n")).told.isEmpty())
    }

    @Test
    fun oneReportIsOnItsWayAtATime() {
        calls.notices = listOf(told())
        calls.verdict = CompletableDeferred<Verdict>()::await
        val screen = screen()
        screen.send(HistoryEvent.Report("n"))
        assertTrue(screen.send(HistoryEvent.Reporting(sure = true)).waits)
        assertEquals(null, screen.send(HistoryEvent.Report("n")).reporting)
        assertEquals(listOf("report n"), calls.asked)
        calls.verdict = { throw CountersignException.Port(PortFault.NETWORK) }
        val other = screen()
        other.send(HistoryEvent.Report("n"))
        val after = other.send(HistoryEvent.Reporting(sure = true))
        assertEquals(false to Say.errorNetwork, after.waits to after.notice?.text)
    }

    @Test
    fun whatCannotBeReportedAnyMoreIsNotAsked() {
        calls.notices = listOf(told())
        val screen = screen()
        screen.send(HistoryEvent.Report("n"))
        calls.notices = listOf(told().copy(canReport = false))
        assertEquals(null, screen.send(HistoryEvent.Changed).reporting)
    }

    @Test
    fun eachThingThatHappenedHasItsSentence() {
        val texts = Info.entries.map { toldText(NoticeText(it, null)) }
        assertEquals(texts.size, texts.toSet().size)
    }

    @Test
    fun whatWaitsStandsAboveAndOpens() {
        val screen = screen()
        assertEquals(listOf("one"), screen.state.waiting.map { it.id })
        screen.send(HistoryEvent.OpenApproval("one"))
        assertEquals(listOf<Go>(Go.To(Route.Approval("one"))), screen.went)
    }

    @Test
    fun whatCannotBeReadIsSaid() {
        calls.fails = CountersignException.Port(PortFault.DISK)
        val state = screen().state
        assertEquals(Say.errorDisk, state.notice?.text)
        assertEquals(false, state.loads)
    }
}
