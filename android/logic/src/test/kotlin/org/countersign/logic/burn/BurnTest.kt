package org.countersign.logic.burn

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.BatchLine
import org.countersign.bindings.BurnEnding
import org.countersign.bindings.BurnFault
import org.countersign.bindings.BurnProgress
import org.countersign.bindings.BurnRow
import org.countersign.bindings.CountersignException
import org.countersign.bindings.Erases
import org.countersign.bindings.Held
import org.countersign.bindings.LinkFault
import org.countersign.bindings.Misfit
import org.countersign.bindings.NoHandle
import org.countersign.bindings.PlanNote
import org.countersign.bindings.TokenFamily
import org.countersign.bindings.TokenFault
import org.countersign.bindings.TokenKey
import org.countersign.bindings.TokenKeyRow
import org.countersign.bindings.TokenSeed
import org.countersign.bindings.TokenStep
import org.countersign.logic.Act
import org.countersign.logic.Pulse
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.support.FakeKeep
import org.countersign.logic.support.FakeTokens
import org.countersign.logic.support.Hand
import org.countersign.logic.support.NOW
import org.countersign.logic.support.NoLink
import org.countersign.logic.support.Screened
import org.countersign.logic.support.TOKEN
import org.countersign.logic.support.ledgerRow
import org.countersign.logic.support.plan
import org.countersign.logic.support.secret
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Moment
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

private typealias BurnScreen = Screened<BurnState, BurnEvent>

class BurnTest {
    private val hand = Hand(NOW)
    private val keep = FakeKeep()
    private val tokens = FakeTokens()
    private val row = Burning(TokenSeed(NoHandle), BatchLine(5u, 2u))
    private val held = BurnEvent.Link(NoLink)

    private fun screen(): BurnScreen = Screened(BurnLogic(null, row, tokens, keep, hand))

    private fun planned(): BurnScreen = screen().also { it.send(held) }

    private fun agreed(): BurnScreen = planned().also { it.send(BurnEvent.Agree) }

    private val lost =
        CountersignException.Burn(BurnFault.Stopped(TokenFault.Link(LinkFault.LOST), listOf(Held.NOTHING)))

    private fun BurnScreen.reads() = wished.filterIsInstance<Wish.Reader>().last().on

    @Test
    fun theSeedOfAnAccountWantsThePassphrase() {
        val screen: BurnScreen = Screened(BurnLogic(1u, null, tokens, keep, hand))
        assertEquals(BurnStep.Passphrase(waits = false), screen.state.step)
        assertFalse(screen.reads())
        assertEquals(Say.phonePassphraseEmpty, screen.send(BurnEvent.Typed(secret(""))).notice?.text)
        assertEquals(Say.errorWrongPassphrase, screen.send(BurnEvent.Typed(secret("wrong"))).notice?.text)
        assertTrue(screen.send(BurnEvent.Typed(secret("right"))).step is BurnStep.HoldToPlan)
        assertTrue(screen.reads())
    }

    @Test
    fun thePlanIsShownBeforeAnythingIsWritten() {
        val other = ledgerRow(issuer = "")
        tokens.planned = plan(notes = listOf(PlanNote.SwitchOff), standing = ledgerRow(), elsewhere = other)
        val screen = planned()
        val shown = (screen.state.step as BurnStep.Plan).shown
        assertEquals(plain("miniOTP-2-i") to "8655000000001", shown.model to shown.serial)
        assertEquals("Example: mara", shown.account)
        assertEquals(Say.tokenErasesWhole to true, shown.erases to shown.isErasing)
        val stands = Say.phoneBurnStands(plain("Example"), Moment(NOW))
        val elsewhere = Say.phoneBurnElsewhere(plain("miniOTP-2-i 8655000000001"), Moment(NOW))
        assertEquals(listOf(stands, elsewhere, Say.tokenNoteSwitchOff), shown.notes)
        assertFalse(screen.reads())
        assertEquals(TokenFamily.SINGLE, keep.kept.likelyToken)
        screen.send(held)
        assertEquals(1, tokens.met.size)
    }

    @Test
    fun aTokenThatCannotHoldItSaysAllThatDoesNotFit() {
        tokens.fails = CountersignException.Burn(BurnFault.Misfits(listOf(Misfit.Digits(9u))))
        val screen = planned()
        assertTrue(screen.state.step is BurnStep.HoldToPlan)
        assertTrue(screen.state.notice != null && screen.reads())
        tokens.fails = null
        screen.send(BurnEvent.OnNotice(Act.RETRY))
        assertTrue(screen.send(held).step is BurnStep.Plan)
    }

    @Test
    fun itIsWrittenAndItsStepsTick() {
        val ending = CompletableDeferred<BurnEnding>()
        tokens.writes = ending::await
        val screen = agreed()
        assertTrue(screen.reads())
        screen.send(held)
        screen.send(held)
        assertEquals(2, tokens.met.size)
        val steps = listOf(TokenStep.INFO, TokenStep.AUTHENTICATE)
        tokens.rows = listOf(BurnRow(TOKEN, null, 0u, "", "", NOW, BurnProgress.Begun(steps), null))
        val step = screen.send(BurnEvent.Changed).step as BurnStep.HoldToWrite
        assertEquals(
            Progress(writes = true, 2, listOf(Say.phoneBurnStepAnswered, Say.phoneBurnStepLetIn)),
            step.progress,
        )
        assertEquals("a step is felt", Wish.Vibrate(Pulse.READ), screen.wished.last())
        val felt = screen.wished.size
        screen.send(BurnEvent.Changed)
        assertEquals("and once alone", felt, screen.wished.size)
        ending.complete(BurnEnding.ProvenByLink)
        val done = screen.state.step as BurnStep.Done
        assertEquals(BurnEnd.PROVEN to Say.tokenProvenByLink, done.end to done.text)
        assertEquals(listOf<BatchLine?>(BatchLine(5u, 2u)), tokens.from)
        assertFalse(screen.reads())
        screen.send(BurnEvent.Done)
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    @Test
    fun everyStepIsFeltOnceAndCounted() {
        val ending = CompletableDeferred<BurnEnding>()
        tokens.writes = ending::await
        val screen = agreed()
        screen.send(held)
        for (done in 1..TokenStep.entries.size) {
            val felt = screen.wished.size
            val steps = TokenStep.entries.take(done)
            tokens.rows = listOf(BurnRow(TOKEN, null, 0u, "", "", NOW, BurnProgress.Begun(steps), null))
            repeat(2) { screen.send(BurnEvent.Changed) }
            assertEquals(listOf<Wish>(Wish.Vibrate(Pulse.READ)), screen.wished.drop(felt))
            val progress = (screen.state.step as BurnStep.HoldToWrite).progress
            assertEquals(Progress(writes = true, done, steps.map(::stepText).distinct()), progress)
        }
        val felt = screen.wished.size
        ending.complete(BurnEnding.ProvenByLink)
        assertEquals(listOf(Wish.Vibrate(Pulse.DONE)), screen.wished.drop(felt).filterIsInstance<Wish.Vibrate>())
    }

    @Test
    fun aTokenThatLeftInTheMiddleIsHeldAgainAndNothingIsLost() {
        val screen = agreed()
        tokens.fails = lost
        val after = screen.send(held)
        assertTrue(after.step is BurnStep.Lost && screen.reads())
        assertEquals(Say.tokenLost(Say.phoneTokenLost, Say.tokenHolds(Say.tokenHeldNothing)), after.notice?.text)
        assertTrue(Wish.Vibrate(Pulse.LOST) in screen.wished)
        assertTrue(screen.send(held).step is BurnStep.Lost)
        tokens.fails = null
        tokens.resumes = BurnEnding.CountedByLink(1u)
        assertEquals(BurnEnd.PROVEN, (screen.send(held).step as BurnStep.Done).end)
        assertTrue("what was begun is not begun again", tokens.from.isEmpty())
    }

    @Test
    fun whatIsWrongTheNextTimeTooIsTriedOnce() {
        val wrong = listOf(
            TokenFault.WrongKey(2u),
            TokenFault.AccessCode,
            TokenFault.Pin,
            TokenFault.Full,
            TokenFault.Unable,
            TokenFault.TooLong(1u),
        )
        for (fault in wrong) {
            val screen = agreed()
            tokens.fails = CountersignException.Burn(BurnFault.Stopped(fault, listOf(Held.BEFORE)))
            assertTrue("$fault", screen.send(held).step is BurnStep.Plan)
            assertFalse("it is not tried by holding it there", screen.reads())
            assertTrue("$fault", screen.state.notice != null)
            tokens.fails = null
        }
    }

    @Test
    fun stoppingWhileItIsWrittenIsAskedFirst() {
        val ending = CompletableDeferred<BurnEnding>()
        tokens.writes = ending::await
        val screen = agreed()
        screen.send(held)
        assertTrue(screen.back().asksStop)
        assertFalse("back takes the question away", screen.back().asksStop)
        assertTrue(screen.send(BurnEvent.Stop).asksStop)
        assertTrue("it goes on meanwhile", screen.state.step is BurnStep.HoldToWrite && screen.went.isEmpty())
        ending.complete(BurnEnding.ProvenByLink)
        assertTrue("it was written before the answer", screen.state.step is BurnStep.Done && !screen.state.asksStop)
    }

    @Test
    fun whatIsAgreedToStopsAndNothingElseAsks() {
        val before = agreed()
        before.send(BurnEvent.Stop)
        assertEquals("nothing is written yet", listOf<Go>(Go.Back), before.went)
        tokens.writes = CompletableDeferred<BurnEnding>()::await
        val screen = agreed()
        screen.send(held)
        screen.send(BurnEvent.Stop)
        screen.send(BurnEvent.Stopping(sure = true))
        assertEquals(listOf<Go>(Go.Back), screen.went)
        assertFalse(screen.reads())
    }

    @Test
    fun aTokenThatIsTakenUpAgainIsWrittenToo() {
        tokens.rows = listOf(BurnRow(TOKEN, null, 0u, "", "", NOW, BurnProgress.Begun(emptyList()), null))
        tokens.waits = CompletableDeferred()
        val screen: BurnScreen = Screened(BurnLogic(1u, null, tokens, keep, hand))
        screen.send(held)
        assertTrue((screen.state.step as BurnStep.TakeUp).waits)
        assertTrue("back asks", screen.back().asksStop && screen.went.isEmpty())
    }

    @Test
    fun thePhoneStaysAwakeWhileHandsHoldTheToken() {
        val screen: BurnScreen = Screened(BurnLogic(1u, null, tokens, keep, hand))
        assertFalse(screen.state.staysAwake)
        assertTrue(screen.send(BurnEvent.Typed(secret("right"))).staysAwake)
        screen.send(held)
        screen.send(BurnEvent.Agree)
        assertTrue(screen.state.staysAwake)
        assertFalse("it is done", screen.send(held).staysAwake)
    }

    @Test
    fun whatWasBrokenOffIsTakenUpBeforeAnotherBegins() {
        val ended = BurnProgress.Ended(BurnEnding.Written(null))
        tokens.rows = listOf(
            BurnRow(TOKEN, "miniOTP-2-i", 0u, "Example", "mara", NOW, BurnProgress.Begun(emptyList()), null),
            BurnRow(TOKEN.copy(serial = "2"), null, 0u, "", "", NOW + 1u, ended, null),
        )
        val screen: BurnScreen = Screened(BurnLogic(1u, null, tokens, keep, hand))
        val shown = (screen.state.step as BurnStep.TakeUp).shown
        assertEquals(plain("miniOTP-2-i") to "Example: mara", shown.model to shown.account)
        assertTrue(screen.reads())
        assertEquals("another token", Say.phoneBurnOther, screen.send(held).notice?.text)
        assertEquals(BurnStep.TakeUp(shown, waits = false), screen.state.step)
        tokens.fails = lost
        assertTrue(screen.send(held).step is BurnStep.TakeUp)
        tokens.fails = null
        tokens.resumes = BurnEnding.ProvenByLink
        assertEquals(BurnEnd.PROVEN, (screen.send(held).step as BurnStep.Done).end)

        val other: BurnScreen = Screened(BurnLogic(1u, null, tokens, keep, hand))
        assertEquals(BurnStep.Passphrase(waits = false), other.send(BurnEvent.WriteAnother).step)
        assertFalse(other.reads())
    }

    @Test
    fun aTokenThatLeftBeforeAnythingWasNotedIsWrittenFromItsBeginning() {
        val screen = agreed()
        tokens.fails = lost
        screen.send(held)
        tokens.fails = CountersignException.Burn(BurnFault.Stopped(TokenFault.OtherToken, listOf(Held.NOTHING)))
        assertTrue("another token", screen.send(held).step is BurnStep.Lost)
        tokens.fails = null
        assertEquals(BurnEnd.PROVEN, (screen.send(held).step as BurnStep.Done).end)
        assertEquals(listOf<BatchLine?>(BatchLine(5u, 2u)), tokens.from)
    }

    private fun compared(): BurnScreen {
        tokens.writes = { BurnEnding.Written(null) }
        return agreed().also { it.send(held) }
    }

    @Test
    fun theCodeOfTheDisplayIsCompared() {
        val screen = compared()
        val codes = (screen.state.step as BurnStep.Compare).codes
        assertEquals(Expected(Digits("492039"), Digits("000111"), Digits("118402"), NOW + 12u), codes)
        tokens.ends = BurnEnding.ProvenByPerson
        val done = screen.send(BurnEvent.Matches).step as BurnStep.Done
        assertEquals(BurnEnd.PROVEN to Say.tokenProvenByPerson, done.end to done.text)
        assertEquals(listOf<String?>("492039"), tokens.concluded)
    }

    @Test
    fun otherDigitsAndNobodyLookingEndInTheirOwnWords() {
        val other = compared()
        val failed = other.send(BurnEvent.ShowsOther(Digits("111111"))).step as BurnStep.Done
        assertEquals(BurnEnd.FAILED to Say.tokenNotThisSeed, failed.end to failed.text)
        tokens.ends = BurnEnding.Written(null)
        val written = compared().send(BurnEvent.NotCompared).step as BurnStep.Done
        assertEquals(BurnEnd.WRITTEN to Say.tokenWritten, written.end to written.text)
        assertEquals(listOf("111111", null), tokens.concluded)
    }

    @Test
    fun theCodeToCompareMovesWithTheClock() {
        val screen = compared()
        hand += 12
        tokens.codes = null
        assertEquals(null, (screen.send(BurnEvent.Tick).step as BurnStep.Compare).codes)
        tokens.fails = lost
        val after = screen.send(BurnEvent.ShowsOther(Digits("1")))
        assertFalse((after.step as BurnStep.Compare).waits)
    }

    @Test
    fun theOwnersKeyIsChosenByItsName() {
        tokens.kept = listOf(TokenKeyRow("ours", TokenFamily.MOLTO2))
        val screen = screen()
        assertEquals(listOf("ours"), screen.state.keys)
        screen.send(BurnEvent.UseKey("ours"))
        screen.send(held)
        assertEquals(TokenKey.Kept("ours"), tokens.met.last().key)
        val maker = planned()
        assertEquals(TokenKey.Maker, tokens.met.last().key)
        maker.send(BurnEvent.Stop)
        assertEquals(listOf<Go>(Go.Back), maker.went)
    }

    @Test
    fun eachEndErasureAndNoteHasItsSentence() {
        val ends =
            listOf(
                BurnEnding.ProvenByLink,
                BurnEnding.ProvenByPerson,
                BurnEnding.ClockOff(240),
                BurnEnding.ClockOff(-240),
                BurnEnding.Written(null),
                BurnEnding.Written(TokenFault.Unable),
                BurnEnding.Failed,
                BurnEnding.NotWritten,
            )
        assertEquals(ends.size, ends.map { endText(it) }.toSet().size)
        assertEquals(Say.tokenEndedClockOff(Say.tokenClockAhead(Say.errorMinutes(count(4)))), endText(ends[2]).second)
        assertEquals(BurnEnd.WRITTEN, endText(ends[2]).first)
        assertEquals(endText(BurnEnding.ProvenByPerson), endText(BurnEnding.CountedByPerson(1u)))
        val erases = listOf(Erases.Nothing, Erases.Whole, Erases.Profile(1u, "x"), Erases.Entry("x"), Erases.Unknown)
        assertEquals(erases.size, erases.map(::erasesText).toSet().size)
        val notes =
            listOf(
                PlanNote.Extended(20u),
                PlanNote.Hashed,
                PlanNote.NoLabel,
                PlanNote.PublicTitle,
                PlanNote.Overheard,
                PlanNote.SwitchOff,
                PlanNote.Experimental,
                PlanNote.UnknownModel,
                PlanNote.BlankBetween,
                PlanNote.TouchToWrite,
                PlanNote.CounterMoves,
            )
        assertEquals(notes.size, notes.map(::noteText).toSet().size)
        assertEquals("ten things to a person", 10, TokenStep.entries.map(::stepText).toSet().size)
    }
}
