package org.countersign.logic.fault

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.Algorithm
import org.countersign.bindings.BurnFault
import org.countersign.bindings.ClosedStatus
import org.countersign.bindings.CountersignException
import org.countersign.bindings.DeclinedToken
import org.countersign.bindings.GatewayFault
import org.countersign.bindings.Held
import org.countersign.bindings.InputFault
import org.countersign.bindings.InternalException
import org.countersign.bindings.LinkFault
import org.countersign.bindings.Misfit
import org.countersign.bindings.PortFault
import org.countersign.bindings.RowFault
import org.countersign.bindings.SeedFault
import org.countersign.bindings.TokenFault
import org.countersign.bindings.TokenStep
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.text.Lines
import org.countersign.logic.text.Said
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

class FaultTest {
    private val inputs =
        listOf(
            InputFault.Field("Seed", "a hidden rule"),
            InputFault.Form("rule"),
            InputFault.TooMuch("tags", 9u, 4u),
            InputFault.WrongPassphrase,
            InputFault.VaultLocked,
            InputFault.VaultExists,
            InputFault.NoVault,
            InputFault.NotAVault,
            InputFault.HeaderDamaged,
            InputFault.NewerVault(3u, 2u),
            InputFault.Slot("rule"),
            InputFault.LastPassphrase,
            InputFault.SheetLine(2u),
            InputFault.WrongSheet,
            InputFault.Duplicate(1u),
            InputFault.NotFound,
            InputFault.SameName,
            InputFault.Bound,
            InputFault.NoLink,
            InputFault.Unfinished(1u, 2u),
            InputFault.OtherPhone,
            InputFault.Damaged(1u),
            InputFault.NewerLink,
            InputFault.DigitsAsked(6u),
            InputFault.DecidedMeanwhile,
            InputFault.WrongKind("rule"),
            InputFault.Ledger("rule"),
            InputFault.Seed(SeedFault.KeyNeeded),
            InputFault.Seed(SeedFault.PasswordNeeded),
            InputFault.Seed(SeedFault.WrongKey),
            InputFault.Seed(SeedFault.Ambiguous),
            InputFault.Seed(SeedFault.Other("rule")),
            InputFault.BatchRow(RowFault.Burned(3u)),
            InputFault.BatchRow(RowFault.NoneLeft),
            InputFault.BatchRow(RowFault.ForOthers(3u)),
            InputFault.BatchRow(RowFault.NoRow(3u)),
        )

    @Test
    fun eachFaultOfAPersonHasASentenceOfItsOwn() {
        val ended = ClosedStatus.entries.map { InputFault.Ended(it) }
        val said = (inputs + ended).map { noticeOf(CountersignException.Input(it))!!.text }
        // Two ends are the same to a person.
        assertEquals(said.size - 1, said.toSet().size)
        assertEquals(inputText(InputFault.BatchRow(RowFault.NotItsRow(3u))), said[inputs.lastIndex])
    }

    @Test
    fun eachAnswerOfAGatewayIsSaid() {
        val faults =
            listOf(
                GatewayFault.Status(500u),
                GatewayFault.ForeignCode,
                GatewayFault.Clock,
                GatewayFault.CodeUsed,
                GatewayFault.CodeExpired,
                GatewayFault.ForeignReceipt,
                GatewayFault.NoAnswerCodes,
                GatewayFault.Version,
                GatewayFault.DeviceRefused,
                GatewayFault.Gone,
                GatewayFault.MetadataExpired,
                GatewayFault.Busy(null),
                GatewayFault.Busy(90u),
                GatewayFault.Refused("x"),
                GatewayFault.WrongDigits(1u),
                GatewayFault.WrongDigits(2u),
            )
        val policies = listOf("attest", "level", "uv", "limit", "move", "state", "new").map { GatewayFault.Policy(it) }
        val said = (faults + policies).map { gatewayNotice(it).text }
        assertEquals(said.size, said.toSet().size)
        assertEquals(gatewayNotice(GatewayFault.Status(500u)), gatewayNotice(GatewayFault.Malformed("x")))
        assertEquals(Say.errorBusyFor(Say.errorSeconds(count(90))), gatewayNotice(GatewayFault.Busy(90u)).text)
        assertEquals(Tone.DANGER, gatewayNotice(GatewayFault.CodeUsed).tone)
    }

    @Test
    fun whatThePlatformFailedAtIsSaidUnlessThePersonStoppedIt() {
        val said = PortFault.entries.map { portNotice(it) }
        assertEquals(listOf(PortFault.CANCELLED), PortFault.entries.filter { said[it.ordinal] == null })
        assertEquals(said.size, said.toSet().size)
        assertEquals(null, noticeOf(CountersignException.Port(PortFault.CANCELLED)))
        assertEquals(Act.FREE_SPACE, portNotice(PortFault.DISK_FULL)?.act)
    }

    @Test
    fun aLostLinkIsOneThingAndALockedTokenAnother() {
        val faults =
            listOf(
                TokenFault.Link(LinkFault.LOST),
                TokenFault.Link(LinkFault.LATE),
                TokenFault.Link(LinkFault.READER),
                TokenFault.Status(TokenStep.SEED, 0x6A80u),
                TokenFault.WrongKey(null),
                TokenFault.WrongKey(3u),
                TokenFault.AccessCode,
                TokenFault.Pin,
                TokenFault.Off,
                TokenFault.NotTouched(TokenStep.PUT),
                TokenFault.Full,
                TokenFault.Absent(TokenStep.DELETE),
                TokenFault.NoStatus,
                TokenFault.OtherLayer(0x6F00u),
                TokenFault.TooLong(300u),
                TokenFault.OtherToken,
                TokenFault.NotKept(TokenStep.READ_BACK),
                TokenFault.KeyLength(3u),
                TokenFault.Unable,
                TokenFault.Port(PortFault.DISK_FULL),
            )
        val said = faults.map { tokenNotice(it)!!.text }
        assertEquals(said.size, said.toSet().size)
        assertEquals(Say.tokenStatus(plain("6a80")), said[3])
        val unread = listOf(TokenFault.Oversized(9u), TokenFault.Endless, TokenFault.Unreadable(TokenStep.INFO))
        assertTrue(unread.all { tokenNotice(it)?.text == Say.phoneTokenUnreadable })
        assertEquals(null, noticeOf(CountersignException.Token(TokenFault.Link(LinkFault.CANCELLED))))
        assertEquals(null, tokenNotice(TokenFault.Port(PortFault.CANCELLED)))
    }

    @Test
    fun declinedTokensAreNamed() {
        val said = DeclinedToken.entries.map { tokenNotice(TokenFault.Declined(it))!!.text }
        assertEquals(said.size, said.toSet().size)
    }

    @Test
    fun aBurnThatWasNotMadeSaysWhyAndWhatTheTokenHolds() {
        val lost = BurnFault.Stopped(TokenFault.Link(LinkFault.LOST), listOf(Held.NOTHING))
        val said = burnNotice(lost)
        assertEquals(Say.tokenLost(Say.phoneTokenLost, Say.tokenHolds(Say.tokenHeldNothing)), said.text)
        assertEquals(Act.RETRY, said.act)
        val stopped = burnNotice(BurnFault.Stopped(TokenFault.Link(LinkFault.CANCELLED), Held.entries))
        val all = Lines(listOf(Say.tokenHeldBefore, Say.tokenHeldMixed, Say.tokenHeldNothing, Say.tokenHeldNew))
        assertEquals(Say.tokenLost(Say.tokenLinkCancelled, Say.tokenHoldsEither(all)), stopped.text)
        assertEquals(plain(""), holdsText(emptyList()))
        val others = listOf(BurnFault.UnknownModel, BurnFault.OtherSerial, BurnFault.NotKept(TokenFault.Unable))
        assertEquals(others.size, others.map { burnNotice(it).text }.toSet().size)
    }

    @Test
    fun allThatDoesNotFitIsToldAtOnce() {
        val misfits =
            listOf(
                Misfit.Counter,
                Misfit.CounterStart(9u),
                Misfit.Algorithm(Algorithm.SHA512),
                Misfit.Digits(9u),
                Misfit.Period(45u),
                Misfit.Start,
                Misfit.Seed(90u),
                Misfit.NoName,
                Misfit.Name(90u),
                Misfit.Characters,
                Misfit.PeriodInName,
                Misfit.Touch,
                Misfit.Profile(3u),
                Misfit.Title,
                Misfit.Display,
            )
        val said = burnNotice(BurnFault.Misfits(misfits)).text as Said
        val lines = said.values.single() as Lines
        assertEquals(misfits.size, lines.all.toSet().size)
    }

    @Test
    fun detailsHoldNamesAndNumbers() {
        val notice = noticeOf(CountersignException.Input(InputFault.TooMuch("tags", 9u, 4u)))
        assertTrue(notice!!.detail!!.contains("TooMuch(what=tags, found=9, most=4)"))
        assertFalse(notice.text.toString().contains("tags"))
    }

    @Test
    fun aCaughtPanicIsSaidAndACancelledScreenSaysNothing() = runBlocking {
        val failed: (Notice?) -> Text? = { it?.text }
        assertEquals(Say.phoneCopied, asking(failed) { Say.phoneCopied })
        assertEquals(Say.errorInternal, asking(failed) { throw CountersignException.Internal() })
        assertEquals(Say.errorInternal, asking(failed) { throw InternalException("a secret in a panic") })
        val stopped = CountersignException.Port(PortFault.CANCELLED)
        assertEquals(null, asking(failed) { throw stopped })
        assertThrows(CancellationException::class.java) {
            runBlocking { asking(failed) { throw CancellationException("closed") } }
        }
        Unit
    }
}
