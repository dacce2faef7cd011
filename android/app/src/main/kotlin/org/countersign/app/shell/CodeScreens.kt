package org.countersign.app.shell

import android.Manifest
import android.app.Activity
import android.content.ClipboardManager
import android.content.pm.PackageManager
import android.os.HandlerThread
import kotlinx.coroutines.CoroutineScope
import org.countersign.app.port.Files
import org.countersign.app.screen.AnswerDrawing
import org.countersign.app.screen.EnrolDrawing
import org.countersign.app.screen.FormDrawing
import org.countersign.app.screen.ImportDrawing
import org.countersign.app.screen.ScanDrawing
import org.countersign.logic.Now
import org.countersign.logic.Outside
import org.countersign.logic.Wish
import org.countersign.logic.accounts.FormLogic
import org.countersign.logic.bell.BellCalls
import org.countersign.logic.core.Core
import org.countersign.logic.gateway.AnswerLogic
import org.countersign.logic.gateway.EnrolEvent
import org.countersign.logic.gateway.EnrolLogic
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.scan.Handover
import org.countersign.logic.scan.ImportLogic
import org.countersign.logic.scan.ScanEvent
import org.countersign.logic.scan.ScanLogic

/** Where accounts and gateways come from: the camera, pictures, what is typed in, and what these lead to. */
internal class CodeScreens(
    private val activity: Activity,
    private val scope: CoroutineScope,
    private val core: Core,
    private val bells: BellCalls,
    private val now: Now,
    private val files: Files,
    private val outside: Outside,
) {
    /** What a scan left for the screen after it. */
    private val handed = Handover(core.scans)
    private var seeing: Seeing? = null

    fun of(route: Route): Shown<*, *>? = when (route) {
        Route.Scan -> scan()

        Route.Manual -> form(null)

        is Route.EditAccount -> form(route.account)

        Route.Import -> Shown(scope, PickingPictures(files, outside), ImportLogic(handed), null, null) {
            ImportDrawing(activity, ::back, it)
        }

        Route.Enrol -> enrol()

        Route.Answer -> Shown(scope, outside, AnswerLogic(handed.offline, core.approvals), null, null) {
            AnswerDrawing(activity, it)
        }

        else -> null
    }

    /** The person was asked for the camera. */
    fun onCamera(isAllowed: Boolean) {
        seeing?.onAnswer(isAllowed)
    }

    private fun form(id: ULong?) =
        Shown(scope, outside, FormLogic(id, core.accounts, now), null, null) { FormDrawing(activity, it) }

    private fun enrol(): Shown<*, *> {
        val logic = EnrolLogic(handed.enrolment, core.gateways, bells, now)
        return Shown(scope, outside, logic, EnrolEvent.Tick, EnrolEvent.Changed) { EnrolDrawing(activity, it) }
    }

    private fun scan(): Shown<*, *> {
        val seeing = Seeing(activity, HandlerThread("camera"), files, outside)
        this.seeing = seeing
        val logic = ScanLogic(core.scans, core.accounts, core.approvals, handed)
        return Shown(scope, seeing, logic, null, null, seeing::rest) { send ->
            val toScreen = { event: ScanEvent ->
                (event as? ScanEvent.Torch)?.let { seeing.camera.torch(it.on) }
                send(event)
            }
            seeing.onEvent = send
            files.awaitPictures { send(ScanEvent.Picture(it)) }
            ScanDrawing(activity, seeing.finder, seeing.camera.hasTorch, ::back, { paste(send) }, toScreen)
        }
    }

    /** What was copied is read because the person asked for it, and never before. */
    private fun paste(send: (ScanEvent) -> Unit) {
        val clip = activity.getSystemService(ClipboardManager::class.java).primaryClip?.takeIf { it.itemCount > 0 }
        val item = clip?.getItemAt(0)
        val picture = item?.uri
        if (picture != null) return send(ScanEvent.Picture(files.read(picture) ?: ByteArray(0)))
        send(ScanEvent.Words(item?.coerceToText(activity)?.toString().orEmpty().toByteArray()))
    }

    private fun back() = outside.go(Go.Back)
}

/** Has pictures picked for the screen that comes next. All else goes on as it is. */
private class PickingPictures(private val files: Files, private val outside: Outside) : Outside {
    override fun go(go: Go) = outside.go(go)

    override fun wish(wish: Wish) = if (wish is Wish.PickFile) files.pickPicture() else outside.wish(wish)
}

/** Whether the person allowed the camera. */
internal fun Activity.mayUseCamera() =
    checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED
