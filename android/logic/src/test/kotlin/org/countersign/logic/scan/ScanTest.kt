package org.countersign.logic.scan

import org.countersign.bindings.CountersignException
import org.countersign.bindings.EnrolOffer
import org.countersign.bindings.InputFault
import org.countersign.bindings.Known
import org.countersign.bindings.NoHandle
import org.countersign.bindings.PageCode
import org.countersign.bindings.PortFault
import org.countersign.bindings.Repair
import org.countersign.bindings.Scanned
import org.countersign.bindings.ScannedClass
import org.countersign.bindings.TransferPart
import org.countersign.logic.FileKind
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.support.FRAME
import org.countersign.logic.support.FakeAccounts
import org.countersign.logic.support.FakeApprovals
import org.countersign.logic.support.FakeOffline
import org.countersign.logic.support.FakeScans
import org.countersign.logic.support.Screened
import org.countersign.logic.support.approval
import org.countersign.logic.support.newAccount
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class ScanTest {
    private val scans = FakeScans()
    private val accounts = FakeAccounts()
    private val approvals = FakeApprovals(listOf(approval("one")))
    private val handover = Handover(scans)

    private fun screen() = Screened(ScanLogic(scans, accounts, approvals, handover))

    private fun account(vararg repairs: Repair) = Scanned.Account(newAccount(), repairs.toList())

    @Test
    fun theCameraIsAskedForAtOnceAndItsAbsenceIsAState() {
        val screen = screen()
        assertEquals(listOf<Wish>(Wish.OpenCamera), screen.wished)
        Camera.entries.forEach { assertEquals(it, screen.send(ScanEvent.CameraIs(it)).camera) }
        screen.send(ScanEvent.OpenSettings)
        screen.send(ScanEvent.PickPicture)
        assertEquals(
            listOf(Wish.OpenSettings(SettingsPage.APP), Wish.PickFile(FileKind.PICTURE)),
            screen.wished.drop(1),
        )
        assertTrue(screen.send(ScanEvent.Torch(on = true)).torch)
        screen.send(ScanEvent.Type)
        assertEquals(listOf<Go>(Go.Instead(Route.Manual)), screen.went)
    }

    @Test
    fun whatWasReadIsNamedBeforeAnythingIsStored() {
        scans.finds = listOf(account(Repair.TwoIssuers("GitHub", "Other"), Repair.KeyShort(80u), Repair.Slashes))
        val screen = screen()
        val found = screen.send(ScanEvent.Saw(FRAME)).found as Found.Account
        assertEquals("Example", found.title)
        val remarks = listOf(Say.qrTwoIssuers(plain("GitHub")), Say.qrKeyShort(count(80)), Say.qrWrittenOddly)
        assertEquals(remarks, found.remarks)
        assertTrue(accounts.added.isEmpty())
        screen.send(ScanEvent.Agree)
        assertEquals(1, accounts.added.size)
        assertEquals(listOf<Go>(Go.Home), screen.went)
    }

    @Test
    fun oneThatIsThereIsShownInstead() {
        scans.finds = listOf(account())
        scans.known = Known.There(7u)
        val screen = screen()
        assertEquals(7UL, (screen.send(ScanEvent.Saw(FRAME)).found as Found.Account).there)
        screen.send(ScanEvent.Agree)
        assertEquals(listOf<Go>(Go.Instead(Route.Account(7u))), screen.went)
        assertTrue(accounts.added.isEmpty())
    }

    @Test
    fun aFrameWithoutACodeAndABusyDecoderAreNoNews() {
        val screen = screen()
        assertEquals(null, screen.send(ScanEvent.Saw(FRAME)).found)
        scans.fails = CountersignException.Port(PortFault.BUSY)
        val after = screen.send(ScanEvent.Saw(FRAME))
        assertEquals(null, after.notice)
        assertFalse(after.waits)
    }

    @Test
    fun framesAreDroppedWhileSomethingWaitsForAYes() {
        scans.finds = listOf(Scanned.Other(ScannedClass.Wifi))
        val screen = screen()
        assertEquals(Found.Other(Say.qrWifi), screen.send(ScanEvent.Saw(FRAME)).found)
        screen.send(ScanEvent.Saw(FRAME))
        assertEquals(1, scans.looked)
        assertEquals(null, screen.send(ScanEvent.Again).found)
        screen.send(ScanEvent.Saw(FRAME))
        assertEquals(2, scans.looked)
    }

    @Test
    fun ofSeveralCodesOneIsChosen() {
        scans.finds = listOf(account(), Scanned.Login, Scanned.Part(TransferPart(NoHandle)))
        val screen = screen()
        val found = screen.send(ScanEvent.Picture(ByteArray(0))).found as Found.Several
        assertEquals(listOf(Say.phoneScanLogin, Say.phoneScanPart), found.labels.drop(1))
        screen.send(ScanEvent.Choose(9))
        assertEquals(Found.Other(Say.qrLogin), screen.send(ScanEvent.Choose(1)).found)
    }

    @Test
    fun aPictureSaysThatItIsReadAndAFrameDoesNot() {
        val logic = ScanLogic(scans, accounts, approvals, handover)
        val begun = logic.begin().state
        val read = logic.on(begun, ScanEvent.Picture(ByteArray(0))).state
        assertEquals(true to true, read.waits to read.reads)
        assertEquals(false to false, logic.on(read, ScanEvent.Dropped).state.let { it.waits to it.reads })
        val frame = logic.on(begun, ScanEvent.Saw(FRAME)).state
        assertEquals(true to false, frame.waits to frame.reads)
    }

    @Test
    fun aPictureWithoutACodeSaysSo() {
        val screen = screen()
        assertEquals(Found.Other(Say.qrNoneFound), screen.send(ScanEvent.Picture(ByteArray(0))).found)
        scans.fails = CountersignException.Port(PortFault.TIMEOUT)
        assertEquals(Say.errorTimeout, screen.send(ScanEvent.Picture(ByteArray(0))).notice?.text)
    }

    @Test
    fun aPageOpensItsApproval() {
        scans.finds = listOf(Scanned.Page(PageCode(NoHandle)))
        val screen = screen()
        screen.send(ScanEvent.Saw(FRAME))
        assertEquals(listOf<Go>(Go.Instead(Route.Approval("one"))), screen.went)
        approvals.fails = CountersignException.Input(InputFault.OtherPhone)
        val other = screen()
        assertEquals(Say.errorOtherPhone, other.send(ScanEvent.Saw(FRAME)).notice?.text)
    }

    @Test
    fun whatAnotherScreenGoesOnWithIsHandedOver() {
        val link = Scanned.Enrolment(EnrolOffer("gate.example.com", 0u), "secret".toByteArray())
        val all = listOf(link to Route.Enrol, Scanned.Part(TransferPart(NoHandle)) to Route.Import)
        (all + (Scanned.Offline(FakeOffline()) to Route.Answer)).forEach { (found, route) ->
            scans.finds = listOf(found)
            val screen = screen()
            screen.send(ScanEvent.Words(ByteArray(0)))
            assertEquals(listOf<Go>(Go.Instead(route)), screen.went)
        }
        assertEquals("gate.example.com", handover.enrolment?.offer?.host)
        assertEquals("gate.example.com", handover.offline?.host)
        assertEquals(1UL, handover.transfer.progress().accounts)
        assertEquals(0UL, handover.newTransfer().progress().accounts)
    }

    @Test
    fun aPageThatTheCameraSawIsHandedToItsSignInOnce() {
        val page = PageCode(NoHandle)
        approvals.rows = listOf(approval("one"))
        scans.finds = listOf(Scanned.Page(page))
        val screen = screen()
        screen.send(ScanEvent.Saw(FRAME))
        assertEquals(listOf<Go>(Go.Instead(Route.Approval("one"))), screen.went)
        assertEquals(listOf(null, page, null), listOf("two", "one", "one").map(handover::takePage))
    }

    @Test
    fun eachWrongKindHasItsSentence() {
        val kinds =
            listOf(
                ScannedClass.Account,
                ScannedClass.Enrolment,
                ScannedClass.Login,
                ScannedClass.Offline,
                ScannedClass.Migration,
                ScannedClass.Sheet,
                ScannedClass.Backup,
                ScannedClass.Microsoft,
                ScannedClass.Passkey,
                ScannedClass.OtherPush("tiqr"),
                ScannedClass.OwnApp("Duo"),
                ScannedClass.Wifi,
                ScannedClass.Contact,
                ScannedClass.Calendar,
                ScannedClass.Phone,
                ScannedClass.Mail,
                ScannedClass.Place,
                ScannedClass.Sim,
                ScannedClass.Payment,
                ScannedClass.Wallet,
                ScannedClass.Thing,
                ScannedClass.Serial,
                ScannedClass.WebPage("example.com"),
                ScannedClass.Text,
                ScannedClass.Empty,
                ScannedClass.TooLong(9000u),
            )
        assertEquals(kinds.size, kinds.map(::classText).toSet().size)
        val refused = Scanned.Refused(InputFault.NewerLink)
        val others = listOf(Scanned.Unreadable("x"), Scanned.UnreadablePart("x"), refused, Scanned.Login)
        assertEquals(others.size, others.map(::otherText).toSet().size)
    }

    @Test
    fun eachRepairIsTold() {
        val repairs =
            listOf(
                Repair.NotUtf8,
                Repair.Removed("label"),
                Repair.Glued("period"),
                Repair.PlusIsBlank,
                Repair.PlusKept,
                Repair.KeyBlanks,
                Repair.KeyLooseEnd,
                Repair.AlgorithmSpelling,
                Repair.EmptyParameter("image"),
                Repair.CounterMissing,
                Repair.Fixed("digits"),
                Repair.MaybeSteam,
                Repair.Hash,
            )
        assertEquals(repairs.size, repairs.map(::repairText).toSet().size)
        val fields = listOf("secret", "issuer", "algorithm", "counter", "pin", "encoder")
        assertEquals(fields.size, fields.map { repairText(Repair.Removed(it)) }.toSet().size)
    }

    @Test
    fun whatCannotBeAddedIsSaid() {
        scans.finds = listOf(account())
        val screen = screen()
        screen.send(ScanEvent.Agree)
        screen.send(ScanEvent.Saw(FRAME))
        accounts.fails = CountersignException.Port(PortFault.DISK_FULL)
        val after = screen.send(ScanEvent.Agree)
        assertEquals(Say.errorDiskFull, after.notice?.text)
        assertTrue(after.found is Found.Account)
    }
}
