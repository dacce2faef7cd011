package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.widget.FrameLayout
import org.countersign.app.R
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.box
import org.countersign.app.look.column
import org.countersign.app.look.icon
import org.countersign.app.look.line
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.scan.Camera
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

/** Where what the camera sees is drawn, and what can be done to it by hand. */
interface Viewfinder {
    /** It stays while the screen does; the camera closes when it is taken away. */
    val view: View
    val isThere: Boolean
    val hasTorch: Boolean
    val canZoom: Boolean

    /** Whether things are shown nearer than they are. */
    val isNear: Boolean

    /** Hears that this changed. */
    var onZoom: () -> Unit

    /** Shows things nearer, or as they are. */
    fun zoom(near: Boolean)
}

/** What is said where no camera looks. */
internal class NoCamera(val absent: Text, val refused: Text)

/** What the camera sees, with its light and how near that is; or what to do without it. */
internal class FinderPane(
    private val context: Context,
    private val finder: Viewfinder,
    private val point: Text,
    private val without: NoCamera,
    private val onTorch: (Boolean) -> Unit,
    private val onSettings: () -> Unit,
    private val onRetry: () -> Unit,
) {
    private val other = Part<Camera>(context, ::instead)
    private val light = Part<Boolean?>(context) { it?.let(::light) }
    private val near = Part<Boolean?>(context) { it?.let(::near) }
    private val window =
        FrameLayout(context).apply {
            background = context.box(context.palette.raised)
            clipToOutline = true
            addView(finder.view)
            contentDescription = context.say(point)
            layoutParams = rest(isColumn = true)
        }
    private val words = context.words("", Type.SMALL, context.palette.ink2).apply {
        layoutParams = rest()
        accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
    }
    private val looking =
        with(context) {
            val below = line(words, near, light).apply { minimumHeight = px(Space.TARGET) }
            column(window, below).apply { layoutParams = rest(isColumn = true) }
        }

    val view: View = context.column(looking, other).apply { layoutParams = rest(isColumn = true) }

    init {
        finder.onZoom = { near.show(finder.isNear.takeIf { finder.canZoom }) }
    }

    /** With [reads] a picture or a text is being read: it may take seconds. */
    fun draw(camera: Camera, torch: Boolean, reads: Boolean = false) {
        val says = context.say(if (reads) Say.phoneWait else point)
        if (words.text.toString() != says) words.text = says
        val looks = camera == Camera.ASKING || camera == Camera.LOOKING
        looking.visibility = if (looks) View.VISIBLE else View.GONE
        other.show(camera)
        light.show(torch.takeIf { camera == Camera.LOOKING && finder.hasTorch })
        near.show(finder.isNear.takeIf { camera == Camera.LOOKING && finder.canZoom })
    }

    private fun instead(camera: Camera): View? = with(context) {
        when (camera) {
            Camera.ASKING, Camera.LOOKING -> null

            Camera.ABSENT -> noticeCard(Notice(without.absent))

            Camera.TAKEN ->
                column(
                    noticeCard(Notice(Say.phoneScanCameraTaken, tone = Tone.WARN)),
                    quietButton(say(Say.phoneRetry)) { onRetry() },
                )

            Camera.REFUSED ->
                column(
                    noticeCard(Notice(without.refused, tone = Tone.WARN)),
                    quietButton(say(Say.phoneScanOpenSettings)) { onSettings() },
                )
        }
    }

    private fun light(lit: Boolean): View {
        val words = context.say(if (lit) Say.phoneScanTorchOff else Say.phoneScanTorchOn)
        return context.icon(R.drawable.torch, words) { onTorch(!lit) }
    }

    private fun near(near: Boolean): View {
        val words = context.say(if (near) Say.phoneScanZoomOut else Say.phoneScanZoomIn)
        return context.icon(if (near) R.drawable.zoom_out else R.drawable.zoom_in, words) { finder.zoom(!near) }
    }
}
