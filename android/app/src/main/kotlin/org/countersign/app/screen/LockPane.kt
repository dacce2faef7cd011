package org.countersign.app.screen

import android.content.Context
import android.view.View
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.LinearLayout
import org.countersign.app.look.Choice
import org.countersign.app.look.Space
import org.countersign.app.look.Type
import org.countersign.app.look.column
import org.countersign.app.look.entry
import org.countersign.app.look.line
import org.countersign.app.look.palette
import org.countersign.app.look.px
import org.countersign.app.look.quietButton
import org.countersign.app.look.rest
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.section
import org.countersign.app.look.words
import org.countersign.bindings.AutoLock
import org.countersign.logic.Look
import org.countersign.logic.Preferences
import org.countersign.logic.settings.SettingsEvent
import org.countersign.logic.settings.SettingsState
import org.countersign.logic.settings.Way
import org.countersign.logic.text.Day
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.span

/** After so many seconds without a touch; the last is never. */
private val LOCK_AFTER = listOf(30UL, 60UL, 300UL, 900UL, NEVER)
private const val NEVER = 0UL
private val CLEAR_AFTER = listOf(15, 30, 60, 120)

/** When the codes lock, what opens them, and what others see. */
internal class LockPane(private val context: Context, private val onEvent: (SettingsEvent) -> Unit) {
    private var rule: AutoLock? = null
    private var likes = Preferences()
    private val after = choose(
        Say.phoneSettingsLockAfter,
        Say.phoneSettingsLockAfterAbout,
        LOCK_AFTER.map {
            it to
                lockAfter(it)
        },
    ) {
        rule { copy(afterS = it.takeIf { it != NEVER }) }
    }
    private val leaving = context.toggle(Say.phoneSettingsLockOnLeave, Say.phoneSettingsLockOnLeaveAbout) {
        rule { copy(onLeave = it) }
    }
    private val dark = context.toggle(Say.phoneSettingsLockOnScreenOff, Say.phoneSettingsLockOnScreenOffAbout) {
        rule { copy(onScreenOff = it) }
    }
    private val fingers = context.toggle(Say.phoneSettingsFingers, Say.phoneSettingsFingersAbout) {
        onEvent(SettingsEvent.Fingers(it))
    }
    private val hides = context.toggle(Say.phoneSettingsHideFromOthers, Say.phoneSettingsHideFromOthersAbout) {
        onEvent(SettingsEvent.Likes(likes.copy(hideFromOthers = it)))
    }
    private val clear =
        choose(
            Say.phoneSettingsClearClipboard,
            Say.phoneSettingsClearClipboardAbout,
            CLEAR_AFTER.map {
                it to
                    span(it.toULong())
            },
        ) {
            onEvent(SettingsEvent.Likes(likes.copy(clearClipboardAfterS = it)))
        }
    private val ways = Part<List<Way>>(context, ::ways)
    private val asks = Part<Way?>(context) { it?.let(::asks) }

    val pane: Pane =
        with(context) {
            leaving.layoutParams = row(top = Space.L)
            clear.layoutParams = row(top = Space.L)
            val change = entry(say(Say.phoneSettingsChangePassphrase)) { onEvent(SettingsEvent.ChangePassphrase) }
            Pane(column(after, leaving, dark, fingers, hides, clear, change, ways), asks, ::show)
        }

    private fun show(state: SettingsState) {
        rule = state.lock
        likes = state.likes
        listOf(after, leaving, dark).forEach {
            it.visibility = if (state.lock ==
                null
            ) {
                View.INVISIBLE
            } else {
                View.VISIBLE
            }
        }
        state.lock?.let {
            after.show(it.afterS ?: NEVER)
            leaving.show(it.onLeave)
            dark.show(it.onScreenOff)
        }
        fingers.show(likes.fingers)
        hides.show(likes.hideFromOthers)
        clear.show(likes.clearClipboardAfterS)
        ways.show(state.ways)
        asks.show(state.removing)
    }

    private fun asks(way: Way): View =
        context.asks(Say.phoneSettingsRemoveWayAsk(way.text), Say.phoneSettingsRemoveWay) {
            onEvent(SettingsEvent.Removing(it))
        }

    private fun rule(change: AutoLock.() -> AutoLock) {
        rule?.let { onEvent(SettingsEvent.LockRule(it.change())) }
    }

    private fun ways(ways: List<Way>): View = with(context) {
        val rows = ways.map { way ->
            val remove = quietButton(say(Say.phoneSettingsRemoveWay), palette.danger) {
                onEvent(SettingsEvent.RemoveWay(way))
            }
                .apply {
                    layoutParams = LinearLayout.LayoutParams(WRAP_CONTENT, WRAP_CONTENT)
                    contentDescription = "$text: ${say(way.text)}"
                }
            val made = way.made?.let { words(say(Say.phoneSettingsWayMade(Day(it))), Type.SMALL, palette.ink2) }
            line(column(words(say(way.text)), made).apply { layoutParams = rest() }, remove.takeIf { way.canRemove })
                .apply { minimumHeight = px(Space.TARGET) }
        }
        column(section(say(Say.phoneSettingsWays)), *rows.toTypedArray())
    }

    private fun lockAfter(seconds: ULong) = if (seconds == NEVER) Say.phoneSettingsLockNever else span(seconds)

    private fun <T : Any> choose(name: Text, about: Text, options: List<Pair<T, Text>>, onPick: (T) -> Unit) =
        with(context) { Choice(this, say(name), say(about), options.map { it.first to say(it.second) }, onPick) }
}

/** As the phone, light, or dark. */
internal fun Context.lookChoice(onPick: (Look) -> Unit): Choice<Look> {
    val looks =
        listOf(
            Look.SYSTEM to say(Say.phoneSettingsLookSystem),
            Look.LIGHT to say(Say.phoneSettingsLookLight),
            Look.DARK to say(Say.phoneSettingsLookDark),
        )
    return Choice(this, say(Say.phoneSettingsLook), null, looks, onPick)
}
