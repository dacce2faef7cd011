package org.countersign.app

import android.app.Activity
import android.content.Context
import android.content.Intent
import android.content.res.Configuration
import android.os.Build
import android.os.Bundle
import android.os.SystemClock
import android.view.View
import android.view.WindowManager
import android.window.OnBackInvokedCallback
import android.window.OnBackInvokedDispatcher
import java.util.ArrayList
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.countersign.app.bell.approval
import org.countersign.app.look.column
import org.countersign.app.look.configuration
import org.countersign.app.look.mainButton
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.app.port.Files
import org.countersign.app.screen.Leads
import org.countersign.app.screen.head
import org.countersign.app.screen.noticeCard
import org.countersign.app.screen.page
import org.countersign.app.shell.Awake
import org.countersign.app.shell.Screens
import org.countersign.app.shell.Seeing
import org.countersign.app.shell.Stage
import org.countersign.app.shell.Wishes
import org.countersign.app.shell.arrival
import org.countersign.app.shell.ledBy
import org.countersign.app.shell.mayUseCamera
import org.countersign.bindings.Countersign
import org.countersign.bindings.LockState
import org.countersign.bindings.Topic
import org.countersign.logic.Lead
import org.countersign.logic.Notice
import org.countersign.logic.Outside
import org.countersign.logic.Preferences
import org.countersign.logic.Pulse
import org.countersign.logic.Wish
import org.countersign.logic.fault.asking
import org.countersign.logic.gateway.Poller
import org.countersign.logic.route.Go
import org.countersign.logic.route.Place
import org.countersign.logic.route.Route
import org.countersign.logic.route.Routes
import org.countersign.logic.text.Say

private const val ROUTES = "routes"
private const val SECOND_MS = 1000L

/** No vault locks itself sooner. */
private const val AWAY_MS = 15_000L

/** The one window: it draws the place where the person is, and tells it of the time and of what changed. */
class MainActivity :
    Activity(),
    Outside,
    Leads {
    private val scope = MainScope()
    private val app get() = application as CountersignApp
    private val stage by lazy { Stage(this) { go(Go.To(Route.Approval(it.first))) } }
    private val files: Files by lazy { Files(this, scope, ::onSaved) { core?.lockIfDue() } }
    private val wishes by lazy { Wishes(this, app.clipboard, files, app.bells::asked) }
    private val listener: (Topic) -> Unit = ::onChange
    private val likesListener: (Preferences, Preferences) -> Unit = ::onLikes
    private var routes = Routes()
    private var core: Countersign? = null
    private var screens: Screens? = null
    private var poller: Poller? = null
    private var opening: Job? = null
    private val awake by lazy { Awake(window) { core?.touched() } }
    private val shown get() = stage.shown
    private var isSeen = false
    private var leftAt = 0L
    private lateinit var drawnWith: Configuration

    /** Whether a place is drawn: the core opens in its own time. */
    internal val hasDrawn: Boolean get() = shown != null

    override fun attachBaseContext(base: Context) {
        super.attachBaseContext(base)
        drawnWith = wanted(base)
        applyOverrideConfiguration(drawnWith)
    }

    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        hideFromOthers()
        drawBehindTheBars()
        routes = saved?.getStringArrayList(ROUTES)?.let(Routes::read) ?: asked(Routes(), intent)
        setContentView(stage.view)
        app.changes.listen(listener)
        app.likes.listen(likesListener)
        begin()
        scope.launch { tick() }
    }

    /** A shortcut leads to its place once: who comes back is where they were. */
    override fun onPostCreate(saved: Bundle?) {
        super.onPostCreate(saved)
        if (saved == null) routes = routes.ledBy(intent)
    }

    /** Once at a time, however often it is tapped. */
    private fun begin() {
        if (opening?.isActive != true) opening = scope.launch { open() }
    }

    /** The core reads files as it opens, which the main thread does not wait for. */
    private suspend fun open() {
        val fault = asking<Notice?>({ it }) {
            val opened = withContext(Dispatchers.IO) { app.core }
            opened.lockIfDue()
            core = opened
            screens = Screens(this, scope, opened, app.keep, app.bells, app.now, files, app.arrivals, app.camera, this)
            poller?.stop()
            poller = Poller(app.gatewaysOf(opened), scope)
            if (isSeen) follow()
            draw()
            null
        }
        fault?.let { stage.show(notOpened(it)) }
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        routes = asked(routes.ledBy(intent), intent)
        draw()
    }

    /** A notification leads to its sign-in; what another app brings, to the page that names it. */
    private fun asked(routes: Routes, intent: Intent): Routes {
        intent.approval()?.let { return routes.on(Go.To(Route.Approval(it))) }
        intent.arrival()?.let {
            app.arrivals.put(it)
            return routes.on(Go.To(Route.Scan))
        }
        return routes
    }

    private fun onSaved(isSaved: Boolean) = wish(Wish.Say(if (isSaved) Say.phoneSaved else Say.phoneNotSaved))

    private suspend fun tick() {
        while (scope.isActive) {
            delay(SECOND_MS)
            if (!isSeen) continue
            awake.tick()
            core?.lockIfDue()
            shown?.tick()
        }
    }

    /** Draws the place of now, if it is another one. */
    private fun draw() {
        val (core, screens) = (core ?: return) to (screens ?: return)
        val lock = core.lockState()
        routes = routes.on(lock)
        if (routes.top != Route.Scan) app.arrivals.forget()
        val now = routes.place(lock)
        if (stage.tell(screens.aside(now))) wish(Wish.Vibrate(Pulse.READ))
        val make = { place: Place -> screens.of(place)?.also { it.onDrawn = ::drawn } }
        val wasLocked = stage.place == Place.Unlock
        if (lock == LockState.LOCKED) stage.lock()
        if (!stage.go(now, make, ::nothing)) return
        drawn()
        if (wasLocked && lock == LockState.OPEN) scope.launch { screens.remind() }
    }

    private fun drawn() {
        listenForBack()
        awake.follow(shown?.staysAwake == true)
        followThePhone()
    }

    private fun wanted(context: Context): Configuration {
        val app = context.applicationContext as CountersignApp
        return app.likes.read().look.configuration(app)
    }

    /** Light, languages and the size of text stay as they are while somebody is in the middle of something. */
    private fun followThePhone() {
        if (!stage.isInTheMiddle && drawnWith != wanted(this)) recreate()
    }

    /** What keeps the core closed may pass: a phone that was not unlocked since it began, a full disk. */
    private fun notOpened(fault: Notice): View {
        val again = mainButton(say(Say.phoneRetry)) { begin() }
        return page(null, column(noticeCard(fault)), again)
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

    override fun lead(lead: Lead) = when (lead) {
        is Lead.Away -> go(lead.go)
        is Lead.ToSystem -> wish(lead.wish)
    }

    override fun wish(wish: Wish) = wishes.fulfil(wish)

    /** A phone that is turned keeps its screen, with what was typed and what is being written; the camera's picture turns. */
    override fun onConfigurationChanged(now: Configuration) {
        super.onConfigurationChanged(now)
        if (isSeen) screens?.codes?.onFront(true)
        followThePhone()
    }

    @Deprecated("What took its place is of AndroidX.")
    override fun onActivityResult(code: Int, result: Int, data: Intent?) {
        @Suppress("DEPRECATION")
        if (!files.onResult(code, result, data)) super.onActivityResult(code, result, data)
    }

    override fun onStart() {
        super.onStart()
        isSeen = true
        screens?.codes?.onFront(true)
        stage.isCovered = core != null && SystemClock.elapsedRealtime() - leftAt >= AWAY_MS
        follow()
        scope.launch { lockBeforeAnythingIsSeen() }
    }

    /** Nobody sees the codes of a vault that ought to have locked meanwhile, not for the moment that it takes to ask. */
    private suspend fun lockBeforeAnythingIsSeen() {
        try {
            core?.lockIfDue()
            draw()
        } finally {
            stage.isCovered = false
        }
        shown?.changed()
    }

    override fun onResume() {
        super.onResume()
        shown?.returned()
    }

    /** A window that is made anew, for another light or language, is not left by anybody. */
    override fun onStop() {
        super.onStop()
        isSeen = false
        leftAt = SystemClock.elapsedRealtime()
        screens?.codes?.onFront(false)
        poller?.stop()
        if (!isChangingConfigurations) app.leave()
    }

    override fun onRequestPermissionsResult(request: Int, asked: Array<out String>, answers: IntArray) {
        if (request == Seeing.ASK) screens?.codes?.onCamera(mayUseCamera())
        if (request == Wishes.ASK) shown?.changed()
    }

    /** Only who is in front sees what is on the clipboard. */
    override fun onWindowFocusChanged(isFocused: Boolean) {
        super.onWindowFocusChanged(isFocused)
        if (isFocused) app.clipboard.sweep()
    }

    override fun onUserInteraction() {
        super.onUserInteraction()
        core?.touched()
        awake.touch()
    }

    override fun onSaveInstanceState(out: Bundle) {
        super.onSaveInstanceState(out)
        out.putStringArrayList(ROUTES, ArrayList(routes.save()))
    }

    override fun onDestroy() {
        stage.end()
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

    /** As Android 15 and later do by themselves. */
    private fun drawBehindTheBars() {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) return window.setDecorFitsSystemWindows(false)
        @Suppress("DEPRECATION") // What took its place came with Android 11.
        window.decorView.systemUiVisibility = window.decorView.systemUiVisibility or
            View.SYSTEM_UI_FLAG_LAYOUT_STABLE or
            View.SYSTEM_UI_FLAG_LAYOUT_FULLSCREEN or
            View.SYSTEM_UI_FLAG_LAYOUT_HIDE_NAVIGATION
    }

    private fun hideFromOthers() {
        val secure = if (app.keep.read().hideFromOthers) WindowManager.LayoutParams.FLAG_SECURE else 0
        window.setFlags(secure, WindowManager.LayoutParams.FLAG_SECURE)
    }

    /** While there is a way back in the app it is ours; else the system shows where *back* leads. */
    private fun listenForBack() {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) return
        onBackInvokedDispatcher.unregisterOnBackInvokedCallback(back)
        if (!staysInside()) return
        onBackInvokedDispatcher.registerOnBackInvokedCallback(OnBackInvokedDispatcher.PRIORITY_DEFAULT, back)
    }

    private val back by lazy { OnBackInvokedCallback(::goBack) }

    private fun staysInside() = routes.canGoBack || shown?.takesBack == true

    /** A screen that asks before something is lost, or has a page of its own before it, takes it first. */
    private fun goBack() {
        if (shown?.back() != true) go(Go.Back)
    }

    @Deprecated("Up to Android 12 there is no other way.")
    override fun onBackPressed() {
        @Suppress("DEPRECATION")
        if (staysInside()) goBack() else super.onBackPressed()
    }
}
