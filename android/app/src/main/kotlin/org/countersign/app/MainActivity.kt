package org.countersign.app

import android.app.Activity
import android.content.Context
import android.content.Intent
import android.os.Build
import android.os.Bundle
import android.view.View
import android.view.WindowManager
import android.widget.FrameLayout
import android.window.OnBackInvokedCallback
import android.window.OnBackInvokedDispatcher
import java.util.ArrayList
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.countersign.app.bell.approval
import org.countersign.app.look.column
import org.countersign.app.look.configuration
import org.countersign.app.look.palette
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.app.port.Files
import org.countersign.app.screen.head
import org.countersign.app.screen.noticeCard
import org.countersign.app.screen.page
import org.countersign.app.shell.Screens
import org.countersign.app.shell.Seeing
import org.countersign.app.shell.Shown
import org.countersign.app.shell.Wishes
import org.countersign.app.shell.mayUseCamera
import org.countersign.bindings.Countersign
import org.countersign.bindings.CountersignException
import org.countersign.bindings.Topic
import org.countersign.logic.Outside
import org.countersign.logic.Preferences
import org.countersign.logic.Wish
import org.countersign.logic.fault.noticeOf
import org.countersign.logic.gateway.Poller
import org.countersign.logic.route.Go
import org.countersign.logic.route.Place
import org.countersign.logic.route.Route
import org.countersign.logic.route.Routes
import org.countersign.logic.text.Say

private const val ROUTES = "routes"
private const val SECOND_MS = 1000L

/** The one window: it draws the place where the person is, and tells it of the time and of what changed. */
class MainActivity :
    Activity(),
    Outside {
    private val scope = MainScope()
    private val app get() = application as CountersignApp
    private val content by lazy { FrameLayout(this).apply { setBackgroundColor(palette.surface) } }
    private val files by lazy { Files(this) }
    private val wishes by lazy { Wishes(this, app.clipboard, files, app.bells::asked) }
    private val listener: (Topic) -> Unit = ::onChange
    private val likesListener: (Preferences, Preferences) -> Unit = ::onLikes
    private var routes = Routes()
    private var core: Countersign? = null
    private var screens: Screens? = null
    private var poller: Poller? = null
    private var place: Place? = null
    private var shown: Shown<*, *>? = null
    private var isSeen = false

    /** Whether a place is drawn: the core opens in its own time. */
    internal val hasDrawn: Boolean get() = shown != null

    override fun attachBaseContext(base: Context) {
        super.attachBaseContext(base)
        (base.applicationContext as CountersignApp).likes.read().look.configuration(
            base,
        )?.let(::applyOverrideConfiguration)
    }

    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        hideFromOthers()
        routes = saved?.getStringArrayList(ROUTES)?.let(Routes::read) ?: asked(Routes(), intent)
        setContentView(content)
        app.changes.listen(listener)
        app.likes.listen(likesListener)
        scope.launch { open() }
        scope.launch { tick() }
    }

    /** The core reads files as it opens, which the main thread does not wait for. */
    private suspend fun open() {
        try {
            val opened = withContext(Dispatchers.IO) { app.core }
            core = opened
            screens = Screens(this, scope, opened, app.keep, app.bells, app.now, files, this)
            poller = Poller(app.gatewaysOf(opened), scope)
            if (isSeen) follow()
            draw()
        } catch (fault: CountersignException) {
            content.addView(page(null, column(noticeOf(fault)?.let { noticeCard(it) }), null))
        }
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        routes = asked(routes, intent)
        draw()
    }

    /** A notification leads to its sign-in. */
    private fun asked(routes: Routes, intent: Intent): Routes =
        intent.approval()?.let { routes.on(Go.To(Route.Approval(it))) } ?: routes

    private suspend fun tick() {
        while (scope.isActive) {
            delay(SECOND_MS)
            if (!isSeen) continue
            core?.lockIfDue()
            shown?.tick()
        }
    }

    /** Draws the place of now, if it is another one. */
    private fun draw() {
        val (core, screens) = (core ?: return) to (screens ?: return)
        val lock = core.lockState()
        routes = routes.on(lock)
        val now = routes.place(lock)
        if (now == place) return
        shown?.end()
        place = now
        content.removeAllViews()
        shown = screens.of(now)
        content.addView(shown?.view ?: nothing())
        shown?.begin()
        listenForBack()
    }

    /** A place that this version has no screen for. */
    private fun nothing(): View = page(
        head("", onBack = {
            go(Go.Back)
        }),
        column(words(say(Say.phoneUnavailable))),
        null,
    )

    /** The core is there: gateways are asked, and their bells are seen to. */
    private fun follow() {
        poller?.follow() ?: return
        app.bells.tend()
    }

    private fun onChange(topic: Topic) {
        if (topic == Topic.GATEWAYS && isSeen) poller?.follow()
        draw()
        shown?.changed()
    }

    override fun go(go: Go) {
        routes = routes.on(go)
        draw()
    }

    override fun wish(wish: Wish) = wishes.fulfil(wish)

    @Deprecated("What took its place is of AndroidX.")
    override fun onActivityResult(code: Int, result: Int, data: Intent?) {
        @Suppress("DEPRECATION")
        if (!files.onResult(code, result, data)) super.onActivityResult(code, result, data)
    }

    override fun onStart() {
        super.onStart()
        isSeen = true
        follow()
        scope.launch {
            core?.lockIfDue()
            shown?.changed()
        }
    }

    override fun onStop() {
        super.onStop()
        isSeen = false
        poller?.stop()
        app.leave()
    }

    override fun onRequestPermissionsResult(request: Int, asked: Array<out String>, answers: IntArray) {
        if (request == Seeing.ASK) screens?.codes?.onCamera(mayUseCamera())
        if (request == Wishes.ASK) shown?.changed()
    }

    override fun onUserInteraction() {
        super.onUserInteraction()
        core?.touched()
    }

    override fun onSaveInstanceState(out: Bundle) {
        super.onSaveInstanceState(out)
        out.putStringArrayList(ROUTES, ArrayList(routes.save()))
    }

    override fun onDestroy() {
        app.changes.leave(listener)
        app.likes.leave(likesListener)
        scope.cancel()
        super.onDestroy()
    }

    /** What a person likes is so at once. */
    private fun onLikes(before: Preferences, now: Preferences) {
        if (before.hideFromOthers != now.hideFromOthers) hideFromOthers()
        if (before.look != now.look) recreate()
    }

    private fun hideFromOthers() {
        val secure = if (app.keep.read().hideFromOthers) WindowManager.LayoutParams.FLAG_SECURE else 0
        window.setFlags(secure, WindowManager.LayoutParams.FLAG_SECURE)
    }

    /** While there is a way back in the app it is ours; else the system shows where *back* leads. */
    private fun listenForBack() {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) return
        onBackInvokedDispatcher.unregisterOnBackInvokedCallback(back)
        if (!routes.canGoBack) return
        onBackInvokedDispatcher.registerOnBackInvokedCallback(OnBackInvokedDispatcher.PRIORITY_DEFAULT, back)
    }

    private val back by lazy { OnBackInvokedCallback { go(Go.Back) } }

    @Deprecated("Up to Android 12 there is no other way.")
    override fun onBackPressed() {
        @Suppress("DEPRECATION")
        if (routes.canGoBack) go(Go.Back) else super.onBackPressed()
    }
}
