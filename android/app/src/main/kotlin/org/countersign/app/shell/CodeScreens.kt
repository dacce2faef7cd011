package org.countersign.app.shell

import android.Manifest
import android.app.Activity
import android.content.ClipboardManager
import android.content.ContentResolver
import android.content.pm.PackageManager
import android.net.Uri
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch
import org.countersign.app.port.Camera
import org.countersign.app.port.Files
import org.countersign.app.port.Pick
import org.countersign.app.port.Taken
import org.countersign.app.screen.AnswerDrawing
import org.countersign.app.screen.ApprovalDrawing
import org.countersign.app.screen.BinDrawing
import org.countersign.app.screen.EnrolDrawing
import org.countersign.app.screen.ExportDrawing
import org.countersign.app.screen.FormDrawing
import org.countersign.app.screen.ImportDrawing
import org.countersign.app.screen.ScanDrawing
import org.countersign.bindings.Frame
import org.countersign.logic.Now
import org.countersign.logic.Outside
import org.countersign.logic.accounts.BinEvent
import org.countersign.logic.accounts.BinLogic
import org.countersign.logic.accounts.FormLogic
import org.countersign.logic.approval.ApprovalEvent
import org.countersign.logic.approval.ApprovalLogic
import org.countersign.logic.bell.BellCalls
import org.countersign.logic.core.Core
import org.countersign.logic.gateway.AnswerLogic
import org.countersign.logic.gateway.EnrolEvent
import org.countersign.logic.gateway.EnrolLogic
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.scan.Camera as Looks
import org.countersign.logic.scan.ExportLogic
import org.countersign.logic.scan.Handover
import org.countersign.logic.scan.ImportLogic
import org.countersign.logic.scan.ScanEvent
import org.countersign.logic.scan.ScanLogic
import org.countersign.logic.text.Say

/** Where accounts and gateways come from: the camera, pictures, what is typed in, and what these lead to. */
internal class CodeScreens(
    private val activity: Activity,
    private val scope: CoroutineScope,
    private val core: Core,
    private val bells: BellCalls,
    private val now: Now,
    private val files: Files,
    private val arrivals: Arrivals,
    private val camera: Camera,
    private val outside: Outside,
) {
    /** What a scan left for the screen after it. */
    private val handed = Handover(core.scans)

    /** The screen that looks now. */
    private var seeing: Seeing? = null

    fun of(route: Route): Shown<*, *>? = when (route) {
        Route.Scan -> scan()

        Route.Manual -> form(null)

        Route.Bin -> Shown(scope, outside, BinLogic(core.accounts), tick = null, BinEvent.Changed) {
            BinDrawing(activity, ::back, it)
        }

        is Route.EditAccount -> form(route.account)

        Route.Import -> Shown(scope, Picking(files, Pick.PICTURE, outside), ImportLogic(handed), null, null) {
            ImportDrawing(activity, ::back, it)
        }

        Route.Export -> Shown(
            scope,
            outside,
            ExportLogic(core.accounts, core.scans, now),
            tick = null,
            changed = null,
        ) {
            ExportDrawing(activity, it)
        }

        Route.Enrol -> enrol()

        is Route.Approval -> approval(route.approval)

        Route.Answer -> Shown(scope, outside, AnswerLogic(handed.offline, core.approvals), null, null) {
            AnswerDrawing(activity, it)
        }

        else -> null
    }

    /** The person was asked for the camera. */
    fun onCamera(isAllowed: Boolean) {
        seeing?.onAnswer(isAllowed)
    }

    /** The app came to the front, or left it. */
    fun onFront(isThere: Boolean) {
        seeing?.onFront(isThere)
    }

    private fun form(id: ULong?) =
        Shown(scope, outside, FormLogic(id, core.accounts, now), null, null) { FormDrawing(activity, it) }

    private fun enrol(): Shown<*, *> {
        val logic = EnrolLogic(handed.enrolment, core.gateways, bells, now)
        return Shown(scope, outside, logic, EnrolEvent.Tick, EnrolEvent.Changed) { EnrolDrawing(activity, it) }
    }

    private fun scan(): Shown<*, *> {
        var send: (ScanEvent) -> Unit = {}
        val picking = Picking(files, Pick.PICTURE, outside)
        val seeing = seeing(picking, { send(ScanEvent.CameraIs(it)) }, { send(ScanEvent.Saw(it)) })
        val logic = ScanLogic(core.scans, core.accounts, core.approvals, handed)
        return Shown(scope, seeing, logic, null, null, onEnd = ::rest) { toStore ->
            send = toStore
            val toScreen = { event: ScanEvent ->
                (event as? ScanEvent.Torch)?.let { seeing.torch(it.on) }
                send(event)
            }
            files.await(Pick.PICTURE) { send(pictureOf(it)) }
            arrivals.await { bring(it, send) }
            ScanDrawing(activity, seeing.finder, ::back, { paste(send) }, toScreen)
        }
    }

    private fun approval(id: String): Shown<*, *> {
        var send: (ApprovalEvent) -> Unit = {}
        val seeing = seeing(outside, { send(ApprovalEvent.CameraIs(it)) }, { send(ApprovalEvent.Saw(it)) })
        val logic = ApprovalLogic(id, core.approvals, core.scans, now, handed.takePage(id))
        return Shown(scope, seeing, logic, ApprovalEvent.Tick, ApprovalEvent.Changed) { toStore ->
            send = toStore
            val toScreen = { event: ApprovalEvent ->
                (event as? ApprovalEvent.Torch)?.let { seeing.torch(it.on) }
                send(event)
            }
            ApprovalDrawing(activity, seeing.finder, toScreen)
        }
    }

    private fun seeing(within: Outside, onLooks: (Looks) -> Unit, onFrame: (Frame) -> Unit) =
        Seeing(activity, camera, within, onLooks, onFrame).also { seeing = it }

    private fun rest() {
        files.await(Pick.PICTURE, null)
        arrivals.await(null)
    }

    private fun bring(arrival: Arrival, send: (ScanEvent) -> Unit) {
        when (arrival) {
            is Arrival.Words -> send(ScanEvent.Words(arrival.bytes))
            is Arrival.Picture -> look(arrival.place, send)
        }
    }

    private fun look(place: Uri, send: (ScanEvent) -> Unit) {
        scope.launch { send(pictureOf(files.read(place))) }
    }

    /** What was copied is read because the person asked for it, and never before. */
    private fun paste(send: (ScanEvent) -> Unit) {
        val clip = activity.getSystemService(ClipboardManager::class.java).primaryClip?.takeIf { it.itemCount > 0 }
        val item = clip?.getItemAt(0)
        // Files of our own are named by `file:` too: only what a provider gives is read.
        val picture = item?.uri?.takeIf { it.scheme == ContentResolver.SCHEME_CONTENT }
        if (picture != null) return look(picture, send)
        send(ScanEvent.Words(item?.coerceToText(activity)?.toString().orEmpty().toByteArray()))
    }

    private fun back() = outside.go(Go.Back)
}

private fun pictureOf(taken: Taken): ScanEvent = when (taken) {
    is Taken.Bytes -> ScanEvent.Picture(taken.bytes)
    Taken.TooLarge -> ScanEvent.NoPicture(Say.phoneScanPictureLarge)
    Taken.Gone -> ScanEvent.NoPicture(Say.phoneScanPictureGone)
}

/** Whether the person allowed the camera. */
internal fun Activity.mayUseCamera() =
    checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED
