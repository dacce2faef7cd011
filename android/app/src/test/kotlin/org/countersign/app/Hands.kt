package org.countersign.app

import android.app.Activity
import android.os.Build
import android.view.View
import android.view.ViewGroup
import android.widget.EditText
import android.widget.TextView
import android.window.OnBackInvokedCallback
import org.countersign.app.look.say
import org.countersign.logic.text.Text
import org.countersign.testkit.await
import org.robolectric.android.controller.ActivityController
import org.robolectric.util.ReflectionHelpers

internal fun ActivityController<MainActivity>.sees(words: Text) = sees(get().say(words))

internal fun ActivityController<MainActivity>.sees(words: String) = awaiting("“$words”") { get().shows(words) }

/** Waits, and tells what is shown where nothing comes of it. */
internal fun ActivityController<MainActivity>.awaiting(what: String, isThere: () -> Boolean) = try {
    await(what, isThere)
} catch (late: IllegalStateException) {
    val shown = get().all().filterIsInstance<TextView>().filter { it.isShown }.map { it.text }
    throw AssertionError("no $what among $shown", late)
}

internal fun ActivityController<MainActivity>.tap(words: Text) {
    sees(words)
    val button = get().all().filterIsInstance<TextView>().first {
        it.isClickable &&
            it.text.toString() == get().say(words)
    }
    button.performClick()
}

/** Taps what holds these words, or begins with them. */
internal fun ActivityController<MainActivity>.tapOn(words: Text) {
    val isMeant = { view: View -> view.isShown && (view as? TextView)?.text?.lines()?.first() == get().say(words) }
    awaiting("“${get().say(words)}”") { get().all().any(isMeant) }
    var view: View = get().all().first(isMeant)
    while (!view.isClickable) view = view.parent as View
    view.performClick()
}

internal fun ActivityController<MainActivity>.type(place: Int, words: String) =
    get().all().filterIsInstance<EditText>().filter { it.isShown }[place].setText(words)

/** The system's *back*: a gesture, or the button of older phones. */
internal fun ActivityController<MainActivity>.back() {
    @Suppress("DEPRECATION")
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) return get().onBackPressed()
    val root = ReflectionHelpers.callInstanceMethod<Any>(get().window.decorView, "getViewRootImpl")
    val dispatcher = ReflectionHelpers.callInstanceMethod<Any>(root, "getOnBackInvokedDispatcher")
    val top = ReflectionHelpers.callInstanceMethod<OnBackInvokedCallback?>(dispatcher, "getTopCallback")
    checkNotNull(top) { "nobody takes back: the app would close" }.onBackInvoked()
}

internal fun Activity.shows(words: Text): Boolean = shows(say(words))

internal fun Activity.shows(words: String): Boolean =
    all().any { it.isShown && (it is TextView && it.text.toString() == words) }

/** What is tapped of the account that is called so. */
internal fun Activity.row(name: String): View =
    all().first { it.isClickable && it.contentDescription?.startsWith(name) == true }

internal fun Activity.all(): List<View> = all(window.decorView)

private fun all(view: View): List<View> = listOf(view) +
    (view as? ViewGroup)?.let { group ->
        (0 until group.childCount).flatMap { all(group.getChildAt(it)) }
    }.orEmpty()
