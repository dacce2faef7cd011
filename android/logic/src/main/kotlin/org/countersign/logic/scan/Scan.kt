package org.countersign.logic.scan

import org.countersign.bindings.EnrolOffer
import org.countersign.bindings.Frame
import org.countersign.bindings.Known
import org.countersign.bindings.NewAccount
import org.countersign.bindings.OfflineCode
import org.countersign.bindings.PageCode
import org.countersign.bindings.Scanned
import org.countersign.bindings.TransferAdded
import org.countersign.bindings.TransferPart
import org.countersign.logic.FileKind
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Pulse
import org.countersign.logic.Screen
import org.countersign.logic.Secret
import org.countersign.logic.SettingsPage
import org.countersign.logic.Step
import org.countersign.logic.Wish
import org.countersign.logic.core.AccountCalls
import org.countersign.logic.core.ApprovalCalls
import org.countersign.logic.core.ScanCalls
import org.countersign.logic.core.TransferCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Lines
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

/** What the camera, a picture, the clipboard or a link brought. It is named before anything is stored. */
data class ScanState(
    val camera: Camera,
    val torch: Boolean,
    val found: Found?,
    /** Something is being read, added or asked. */
    val waits: Boolean,
    val notice: Notice?,
    /** A picture or a text is being read, which may take seconds. A frame of the camera is not worth a word. */
    val reads: Boolean = false,
) : Screen

/** What is of the camera; [TAKEN] where another app has it, or it failed. */
enum class Camera { ASKING, LOOKING, REFUSED, ABSENT, TAKEN }

/** What was read, waiting for a yes. Its secrets print nothing. */
sealed interface Found {
    class Account(
        val account: NewAccount,
        val title: String,
        val subtitle: String,
        /** What was mended, or is worth knowing. */
        val remarks: List<Text>,
        /** The account that is there already. */
        val there: ULong?,
    ) : Found

    /** Several codes in one picture: one is chosen. */
    class Several(val labels: List<Text>, internal val all: List<Scanned>) : Found

    /** A page that the camera saw, with the host that it names. */
    class Enrolment(val offer: EnrolOffer, val link: Secret) : Found

    class Offline(val host: String, val code: OfflineCode) : Found

    /** Not what was looked for: what it is, and what to do. */
    data class Other(val text: Text) : Found
}

sealed interface ScanEvent {
    data class CameraIs(val camera: Camera) : ScanEvent

    data class Torch(val on: Boolean) : ScanEvent

    class Saw(val frame: Frame) : ScanEvent

    /** A picture that was picked, shared or copied. */
    class Picture(val file: ByteArray) : ScanEvent

    /** One that can't be looked at, and why. */
    data class NoPicture(val why: Text) : ScanEvent

    /** A text that was shared, pasted or came by a link. */
    class Words(val bytes: ByteArray) : ScanEvent

    data object PickPicture : ScanEvent

    data object OpenSettings : ScanEvent

    /** Once more, after another app had the camera. */
    data object OpenCamera : ScanEvent

    data object Type : ScanEvent

    data object Again : ScanEvent

    data class Choose(val place: Int) : ScanEvent

    /** Yes to what was found. */
    data object Agree : ScanEvent

    class Read(val all: List<Scanned>) : ScanEvent

    data object Dropped : ScanEvent

    class Knows(val found: Found.Account) : ScanEvent

    data object Added : ScanEvent

    data class Approval(val id: String) : ScanEvent

    data class Failed(val notice: Notice?) : ScanEvent
}

/** What a scan hands to the screen after it: neither fits into a route, which is saved. */
interface Handed {
    fun enrolment(found: Found.Enrolment)

    fun offline(found: Found.Offline)

    /** The page of the approval with this [id], which the camera saw. */
    fun page(id: String, page: PageCode)

    fun part(part: TransferPart): TransferAdded

    /** The transfer that is under way. */
    val transfer: TransferCalls

    /** One of which nothing was read, in place of the other. */
    fun newTransfer(): TransferCalls
}

private typealias ScanStep = Step<ScanState, ScanEvent>

class ScanLogic(
    private val scans: ScanCalls,
    private val accounts: AccountCalls,
    private val approvals: ApprovalCalls,
    private val handed: Handed,
) : Logic<ScanState, ScanEvent> {
    override fun begin(): ScanStep = Step(ScanState(Camera.ASKING, false, null, false, null), wish = Wish.OpenCamera)

    override fun on(state: ScanState, event: ScanEvent): ScanStep = when (event) {
        is ScanEvent.CameraIs -> Step(state.copy(camera = event.camera))
        is ScanEvent.Torch -> Step(state.copy(torch = event.on))
        is ScanEvent.Saw -> saw(state, event)
        is ScanEvent.Picture -> reading(state) { scans.picture(event.file) }
        is ScanEvent.NoPicture -> Step(state.copy(found = Found.Other(event.why)))
        is ScanEvent.Words -> reading(state) { listOf(scans.text(event.bytes)) }
        ScanEvent.PickPicture -> Step(state, wish = Wish.PickFile(FileKind.PICTURE))
        ScanEvent.OpenCamera -> Step(state.copy(camera = Camera.ASKING), wish = Wish.OpenCamera)
        ScanEvent.OpenSettings -> Step(state, wish = Wish.OpenSettings(SettingsPage.APP))
        ScanEvent.Type -> Step(state, go = Go.Instead(Route.Manual))
        ScanEvent.Again -> Step(state.rests().copy(found = null, notice = null), stop = true)
        is ScanEvent.Choose -> choose(state, event.place)
        ScanEvent.Agree -> agree(state)
        is ScanEvent.Read -> read(state.rests(), event.all)
        ScanEvent.Dropped -> Step(state.rests())
        is ScanEvent.Knows -> Step(state.rests().copy(found = event.found))
        ScanEvent.Added -> Step(state, go = Go.Home, wish = Wish.Say(Say.phoneScanAdded))
        is ScanEvent.Approval -> Step(state, go = Go.Instead(Route.Approval(event.id)))
        is ScanEvent.Failed -> Step(state.rests().copy(notice = event.notice))
    }

    private fun ScanState.rests() = copy(waits = false, reads = false)

    /** A frame is dropped while another is read, and while something waits for a yes. */
    private fun saw(state: ScanState, event: ScanEvent.Saw): ScanStep {
        if (state.waits || state.found != null) return Step(state)
        return Step(state.copy(waits = true), ask = {
            asking({ ScanEvent.Dropped }) {
                val all = scans.frame(event.frame)
                if (all.isEmpty()) ScanEvent.Dropped else ScanEvent.Read(all)
            }
        })
    }

    private fun reading(state: ScanState, call: suspend () -> List<Scanned>): ScanStep =
        Step(state.copy(waits = true, reads = true, found = null, notice = null), ask = {
            asking(ScanEvent::Failed) { ScanEvent.Read(call()) }
        })

    private fun read(state: ScanState, all: List<Scanned>): ScanStep = when (all.size) {
        0 -> Step(state.copy(found = Found.Other(Say.qrNoneFound)))
        1 -> one(state, all.single())
        else -> Step(state.copy(found = Found.Several(all.map(::label), all)))
    }

    private fun choose(state: ScanState, place: Int): ScanStep {
        val chosen = (state.found as? Found.Several)?.all?.getOrNull(place) ?: return Step(state)
        return one(state, chosen)
    }

    private fun one(state: ScanState, scanned: Scanned): ScanStep {
        val felt = Wish.Vibrate(Pulse.READ)
        return when (scanned) {
            is Scanned.Account -> account(state, scanned)
            is Scanned.Part -> part(state, scanned.part)
            is Scanned.Enrolment -> enrolment(state, scanned)
            is Scanned.Page -> page(state, scanned.page)
            is Scanned.Offline -> offline(state, scanned.code)
            else -> Step(state.copy(found = Found.Other(otherText(scanned))), wish = felt)
        }
    }

    private fun account(state: ScanState, scanned: Scanned.Account): ScanStep =
        Step(state.copy(waits = true), wish = Wish.Vibrate(Pulse.READ), ask = {
            asking(ScanEvent::Failed) {
                val known = scans.known(listOf(scanned.account)).firstOrNull()
                val (issuer, name) = scanned.account.issuer to scanned.account.name
                val subtitle = if (issuer.isEmpty()) "" else name
                val remarks = scanned.repairs.map(::repairText).distinct()
                val there = (known as? Known.There)?.id
                ScanEvent.Knows(Found.Account(scanned.account, issuer.ifEmpty { name }, subtitle, remarks, there))
            }
        })

    private fun part(state: ScanState, part: TransferPart): ScanStep {
        handed.part(part)
        return Step(state, go = Go.Instead(Route.Import), wish = Wish.Vibrate(Pulse.READ))
    }

    private fun enrolment(state: ScanState, scanned: Scanned.Enrolment): ScanStep {
        handed.enrolment(Found.Enrolment(scanned.offer, Secret(scanned.link)))
        return Step(state, go = Go.Instead(Route.Enrol), wish = Wish.Vibrate(Pulse.READ))
    }

    private fun page(state: ScanState, page: PageCode): ScanStep =
        Step(state.copy(waits = true), wish = Wish.Vibrate(Pulse.READ), ask = {
            asking(ScanEvent::Failed) {
                val id = approvals.pageApproval(page)
                handed.page(id, page)
                ScanEvent.Approval(id)
            }
        })

    private fun offline(state: ScanState, code: OfflineCode): ScanStep {
        handed.offline(Found.Offline(code.host(), code))
        return Step(state, go = Go.Instead(Route.Answer), wish = Wish.Vibrate(Pulse.READ))
    }

    private fun agree(state: ScanState): ScanStep {
        val found = state.found as? Found.Account ?: return Step(state)
        if (found.there != null) return Step(state, go = Go.Instead(Route.Account(found.there)))
        return Step(state.copy(waits = true), ask = {
            asking(ScanEvent::Failed) {
                accounts.add(found.account)
                ScanEvent.Added
            }
        })
    }
}

/** What one of several codes is called. */
private fun label(scanned: Scanned): Text = when (scanned) {
    is Scanned.Account -> accountLabel(scanned.account)
    is Scanned.Part -> Say.phoneScanPart
    is Scanned.Enrolment -> Say.phoneScanEnrolment(plain(scanned.offer.host))
    is Scanned.Page, is Scanned.Offline, is Scanned.Login -> Say.phoneScanLogin
    else -> otherText(scanned)
}

private fun accountLabel(account: NewAccount): Text {
    val names = listOf(account.issuer, account.name).filter { it.isNotEmpty() }.map(::plain)
    return if (names.isEmpty()) Say.scanNoName else Lines(names)
}
