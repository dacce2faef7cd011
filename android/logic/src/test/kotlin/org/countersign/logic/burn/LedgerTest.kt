package org.countersign.logic.burn

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.BatchEntry
import org.countersign.bindings.BatchRow
import org.countersign.bindings.CountersignException
import org.countersign.bindings.LedgerForm
import org.countersign.bindings.PortFault
import org.countersign.bindings.SeedFileKind
import org.countersign.bindings.TokenProof
import org.countersign.logic.FileKind
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.FakeLedger
import org.countersign.logic.support.NOW
import org.countersign.logic.support.Screened
import org.countersign.logic.support.ledgerRow
import org.countersign.logic.support.secret
import org.countersign.logic.support.seedRow
import org.countersign.logic.text.Say
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class LedgerTest {
    private val ledger = FakeLedger()

    private fun list() = Screened(LedgerLogic(ledger))

    private fun batches() = Screened(BatchesLogic(ledger))

    @Test
    fun eachTokenHasItsWord() {
        ledger.rows = TokenProof.entries.map { ledgerRow(proof = it) }
        val rows = list().state.rows
        assertEquals(listOf(BurnEnd.PROVEN, BurnEnd.PROVEN, BurnEnd.WRITTEN, BurnEnd.FAILED), rows.map { it.proof })
        assertEquals(rows.size, rows.map { it.word }.toSet().size)
    }

    @Test
    fun seedsLeaveUnderAPasswordAlone() {
        val screen = list()
        assertEquals(ShareAsk(null, waits = false), screen.send(LedgerEvent.Share).share)
        val empty = screen.send(LedgerEvent.Sealed(secret("")))
        assertEquals(Say.phoneLedgerPasswordEmpty, empty.share?.notice?.text)
        assertTrue(ledger.written.isEmpty())
        screen.send(LedgerEvent.Sealed(secret("words")))
        assertTrue(ledger.written.single() is LedgerForm.Pskc)
        screen.send(LedgerEvent.Share)
        screen.send(LedgerEvent.Inventory)
        assertEquals(LedgerForm.Table(seeds = false), ledger.written.last())
        assertEquals(listOf("ledger.pskc", "ledger.csv"), screen.wished.map { (it as Wish.Share).name })
        assertFalse(screen.wished.toString().contains("a file"))
    }

    @Test
    fun aFileThatIsNotWrittenIsSaidWhereItWasAskedFor() {
        val screen = list()
        screen.send(LedgerEvent.Share)
        ledger.fails = CountersignException.Port(PortFault.DISK_FULL)
        assertEquals(Say.errorDiskFull, screen.send(LedgerEvent.Inventory).share?.notice?.text)
        assertEquals(null, screen.send(LedgerEvent.Close).share)
        assertEquals(Say.errorDiskFull, screen.send(LedgerEvent.Changed).notice?.text)
    }

    @Test
    fun aRowIsRemovedOnlyAfterAQuestion() {
        ledger.rows = listOf(ledgerRow(1u), ledgerRow(2u))
        val screen = list()
        assertEquals(1UL, screen.send(LedgerEvent.Remove(1u)).removing)
        assertEquals(2, screen.send(LedgerEvent.Removing(sure = false)).rows.size)
        screen.send(LedgerEvent.Remove(1u))
        assertEquals(1, screen.send(LedgerEvent.Removing(sure = true)).rows.size)
    }

    @Test
    fun aFileIsToldBeforeItIsKept() {
        val screen = batches()
        screen.send(BatchesEvent.Pick)
        assertEquals(listOf<Wish>(Wish.PickFile(FileKind.SEEDS)), screen.wished)
        val read = screen.send(BatchesEvent.Picked("seeds".toByteArray())).reading?.read
        assertEquals(2 to 1, read?.rows?.size to read?.faults?.size)
        assertEquals(Say.phoneBatchNameless, screen.send(BatchesEvent.Keep(" ")).reading?.notice?.text)
        screen.send(BatchesEvent.Keep("spring"))
        assertEquals(listOf<Go>(Go.To(Route.Batch(5u))), screen.went)
        assertEquals(listOf("spring"), ledger.batches.map { it.name })
    }

    @Test
    fun aSealedFileWantsItsPasswordAndAStrangeOneItsKind() {
        ledger.isSealed = true
        ledger.kind = null
        val screen = batches()
        val which = screen.send(BatchesEvent.Picked("seeds".toByteArray())).reading
        assertEquals(Say.phoneBatchWhichKind, which?.notice?.text)
        screen.send(BatchesEvent.Password(secret("words")))
        val sealed = screen.send(BatchesEvent.KindIs(SeedFileKind.PSKC)).reading
        assertEquals(Say.phoneSeedPasswordNeeded, sealed?.notice?.text)
        assertEquals(2, screen.send(BatchesEvent.Password(secret("words"))).reading?.read?.rows?.size)
        assertFalse(screen.state.toString().contains("mara"))
        assertEquals(null, screen.send(BatchesEvent.Close).reading)
    }

    @Test
    fun backLeavesTheFileOrTheQuestionFirst() {
        ledger.batches = listOf(BatchRow(5u, "spring", NOW, 2u, 1u))
        val screen = batches()
        assertFalse(screen.takesBack)
        screen.send(BatchesEvent.Picked("seeds".toByteArray()))
        assertEquals(null, screen.back().reading)
        screen.send(BatchesEvent.Forget(5u))
        assertEquals(null, screen.back().forgetting)
        assertEquals(1, screen.state.rows.size)
    }

    @Test
    fun aBatchIsKeptOnceHoweverOftenItIsTapped() {
        ledger.waits = CompletableDeferred()
        val screen = batches()
        screen.send(BatchesEvent.Picked("seeds".toByteArray()))
        assertEquals(true, screen.send(BatchesEvent.Keep("spring")).reading?.waits)
        screen.send(BatchesEvent.Keep("spring"))
        ledger.waits?.complete(Unit)
        assertEquals(listOf("spring"), ledger.batches.map { it.name })
        assertEquals(listOf<Go>(Go.To(Route.Batch(5u))), screen.went)
    }

    @Test
    fun aBatchIsOpenedOrForgottenAfterAQuestion() {
        ledger.batches = listOf(BatchRow(5u, "spring", NOW, 2u, 1u))
        val screen = batches()
        screen.send(BatchesEvent.Open(5u))
        assertEquals(listOf<Go>(Go.To(Route.Batch(5u))), screen.went)
        screen.send(BatchesEvent.Forget(5u))
        assertEquals(1, screen.send(BatchesEvent.Forgetting(sure = false)).rows.size)
        screen.send(BatchesEvent.Forget(5u))
        assertTrue(screen.send(BatchesEvent.Forgetting(sure = true)).rows.isEmpty())
        ledger.fails = CountersignException.Port(PortFault.DISK)
        assertEquals(Say.errorDisk, screen.send(BatchesEvent.Changed).notice?.text)
    }

    @Test
    fun theNextTokenGetsItsRow() {
        ledger.entries = listOf(BatchEntry(seedRow(1u), "8655"), BatchEntry(seedRow(2u), null))
        val handed = mutableListOf<Burning>()
        val screen = Screened(BatchLogic(5u, ledger) { handed += it })
        assertEquals(1 to 2, screen.state.done to screen.state.entries.size)
        assertEquals(Say.phoneRowNoneLeft, screen.send(BatchEvent.Next(" ")).notice?.text)
        screen.send(BatchEvent.Next("8655000000002"))
        assertEquals(2UL, handed.single().from?.line)
        assertEquals(listOf<Go>(Go.To(Route.Burn(null))), screen.went)
        ledger.fails = CountersignException.Port(PortFault.DISK)
        assertEquals(Say.errorDisk, screen.send(BatchEvent.Changed).notice?.text)
    }
}
