package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.widget.FrameLayout
import android.widget.LinearLayout
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
import org.countersign.app.look.card
import org.countersign.app.look.column
import org.countersign.app.look.entry
import org.countersign.app.look.icon
import org.countersign.app.look.line
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.title
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.scan.Camera
import org.countersign.logic.scan.Found
import org.countersign.logic.scan.ScanEvent
import org.countersign.logic.scan.ScanState
import org.countersign.logic.text.Say

/** What the camera sees, or what to do without one; and what was read, named before anything is stored. */
class ScanDrawing(
    private val context: Context,
    /** Where the camera's picture is drawn; it stays while the screen does. */
    private val finder: View,
    private val hasTorch: Boolean,
    private val onBack: () -> Unit,
    /** Reads what was copied. */
    private val onPaste: () -> Unit,
    private val onEvent: (ScanEvent) -> Unit,
) : Drawing<ScanState> {
    private val notice = Part<Notice?>(context) { it?.let { context.noticeCard(it) } }
    private val camera = Part<Camera>(context, ::without)
    private val light = Part<Pair<Boolean, Boolean>>(context) { (looks, lit) ->
        if (looks &&
            hasTorch
        ) {
            light(lit)
        } else {
            null
        }
    }
    private val found = Part<Found?>(context) { it?.let(::found) }
    private val foot = Part<Pair<Found?, Boolean>>(context) { (found, waits) -> foot(found, waits) }
    private val window =
        FrameLayout(context).apply {
            background = context.box(context.palette.raised)
            clipToOutline = true
            addView(finder)
            contentDescription = context.say(Say.phoneScanPoint)
            layoutParams = rest(isColumn = true)
        }

    override val view: View =
        with(context) {
            val point = words(say(Say.phoneScanPoint), Type.SMALL, palette.ink2).apply { layoutParams = rest() }
            val below = line(point, light).apply { minimumHeight = px(Space.TARGET) }
            val looking = column(window, below).apply { layoutParams = rest(isColumn = true) }
            this@ScanDrawing.looking = looking
            page(head(say(Say.phoneScanTitle), onBack), column(looking, camera, notice, found), foot)
        }

    private lateinit var looking: LinearLayout

    override fun draw(state: ScanState) {
        val looks = state.found == null && (state.camera == Camera.ASKING || state.camera == Camera.LOOKING)
        looking.visibility = if (looks) View.VISIBLE else View.GONE
        camera.show(if (state.found == null) state.camera else Camera.LOOKING)
        light.show((looks && state.camera == Camera.LOOKING) to state.torch)
        notice.show(state.notice)
        found.show(state.found)
        foot.show(state.found to (state.waits && state.found != null))
    }

    /** What is said where no camera looks. */
    private fun without(camera: Camera): View? = with(context) {
        when (camera) {
            Camera.ASKING, Camera.LOOKING -> null

            Camera.ABSENT -> noticeCard(Notice(Say.phoneScanCameraAbsent))

            Camera.REFUSED ->
                column(
                    noticeCard(Notice(Say.phoneScanCameraRefused, tone = Tone.WARN)),
                    quietButton(say(Say.phoneScanOpenSettings)) { onEvent(ScanEvent.OpenSettings) },
                )
        }
    }

    private fun light(lit: Boolean): View {
        val words = context.say(if (lit) Say.phoneScanTorchOff else Say.phoneScanTorchOn)
        return context.icon(R.drawable.torch, words) { onEvent(ScanEvent.Torch(!lit)) }
    }

    private fun found(found: Found): View = with(context) {
        when (found) {
            is Found.Account -> account(found)
            is Found.Several -> several(found)
            is Found.Other -> noticeCard(Notice(found.text))
            is Found.Enrolment, is Found.Offline -> column()
        }
    }

    private fun account(found: Found.Account): View = with(context) {
        val question = say(if (found.there == null) Say.phoneScanAddTitle else Say.phoneScanThere)
        val remarks = found.remarks.map { noticeCard(Notice(it)) }
        column(
            title(question),
            card(
                words(found.title),
                words(found.subtitle, Type.SMALL, palette.ink2).takeIf { found.subtitle.isNotEmpty() },
            ),
            *remarks.toTypedArray(),
        )
    }

    private fun several(found: Found.Several): View = with(context) {
        val rows = found.labels.mapIndexed { place, label ->
            entry(say(label)) { onEvent(ScanEvent.Choose(place)) }
        }
        column(words(say(Say.phoneScanSeveral)), *rows.toTypedArray())
    }

    private fun foot(found: Found?, waits: Boolean): View = with(context) {
        if (found == null) return others()
        val yes = (found as? Found.Account)?.let { if (it.there == null) Say.phoneScanAdd else Say.phoneScanShow }
        column(
            yes?.let { words ->
                val now = say(if (waits) Say.phoneWait else words)
                mainButton(now) { onEvent(ScanEvent.Agree) }.apply { isEnabled = !waits }
            },
            quietButton(say(Say.phoneScanAgain)) { onEvent(ScanEvent.Again) },
        )
    }

    /** The ways beside the camera. */
    private fun others(): View = with(context) {
        column(
            quietButton(say(Say.phoneScanPicture)) { onEvent(ScanEvent.PickPicture) },
            quietButton(say(Say.phoneScanPaste)) { onPaste() },
            quietButton(say(Say.phoneScanFormNew)) { onEvent(ScanEvent.Type) },
        ).apply { layoutParams = row() }
    }
}
