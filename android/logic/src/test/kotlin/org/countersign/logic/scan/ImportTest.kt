package org.countersign.logic.scan

import org.countersign.bindings.CountersignException
import org.countersign.bindings.NoHandle
import org.countersign.bindings.PortFault
import org.countersign.bindings.TransferPart
import org.countersign.logic.FileKind
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.FakeScans
import org.countersign.logic.support.FakeTransfer
import org.countersign.logic.support.Screened
import org.countersign.logic.text.Say
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class ImportTest {
    private val handover = Handover(FakeScans())

    private fun screen(parts: Int): Screened<ImportState, ImportEvent> {
        repeat(parts) { handover.part(TransferPart(NoHandle)) }
        return Screened(ImportLogic(handover))
    }

    @Test
    fun beforeTheFirstPartThereIsNothingToAdd() {
        val screen = screen(0)
        assertTrue(screen.send(ImportEvent.Add).rows.isEmpty())
        screen.send(ImportEvent.Scan)
        screen.send(ImportEvent.PickPicture)
        assertEquals(listOf<Go>(Go.To(Route.Scan), Go.To(Route.Scan)), screen.went)
        assertEquals(listOf<Wish>(Wish.PickFile(FileKind.PICTURE)), screen.wished)
    }

    @Test
    fun aWholeTransferIsAddedInOneStep() {
        val screen = screen(2)
        assertEquals(listOf(Say.phoneImportNew, Say.phoneImportNew), screen.state.rows.map { it.word })
        val after = screen.send(ImportEvent.Add)
        assertTrue(after.isDone)
        assertEquals(listOf(ImportEnd.ADDED, ImportEnd.ADDED), after.rows.map { it.end })
        screen.send(ImportEvent.Done)
        assertEquals(listOf<Go>(Go.Home), screen.went)
    }

    @Test
    fun missingPartsAreAskedAbout() {
        val screen = screen(1)
        assertEquals(listOf(true, false), screen.state.progress.parts)
        assertTrue(screen.send(ImportEvent.Add).asksPartly)
        val stays = screen.send(ImportEvent.Partly(sure = false))
        assertFalse(stays.asksPartly || stays.isDone)
        screen.send(ImportEvent.Add)
        assertTrue(screen.send(ImportEvent.Partly(sure = true)).isDone)
    }

    @Test
    fun whatFailsIsSaidAndNothingIsLost() {
        val screen = screen(2)
        (handover.transfer as FakeTransfer).fails = CountersignException.Port(PortFault.DISK_FULL)
        val after = screen.send(ImportEvent.Add)
        assertEquals(Say.errorDiskFull, after.notice?.text)
        assertEquals(2, after.rows.size)
    }

    @Test
    fun anotherTransferBeginsAnew() {
        val screen = screen(1)
        val after = screen.send(ImportEvent.Anew)
        assertTrue(after.rows.isEmpty() && after.progress.accounts == 0UL)
    }
}
