package org.countersign.app.bell

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import android.content.Intent
import android.graphics.drawable.Icon
import android.net.Uri
import android.os.Build
import org.countersign.app.MainActivity
import org.countersign.app.R
import org.countersign.app.look.say
import org.countersign.logic.Now
import org.countersign.logic.bell.Ring
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

private const val CHANNEL = "sign-ins"
private const val ASKS = 1
private const val WAITING = 2
private const val MS = 1000L
private const val WAITING_MS = 120_000L

/** The notifications: one for each sign-in that asks. None of them approves. */
internal class Notes(private val context: Context, private val now: Now) {
    private val manager = context.getSystemService(NotificationManager::class.java)

    /** What was shown already: one that the person swiped away doesn't come again. */
    private val seen = mutableSetOf<String>()

    val mayNotify: Boolean get() = manager.areNotificationsEnabled()

    val isChannelOn: Boolean get() = channel().importance != NotificationManager.IMPORTANCE_NONE

    /** Takes away what asks no more, and shows what is new, unless the person is in the app. */
    @Synchronized
    fun show(rings: List<Ring>, isInFront: Boolean) {
        val asks = rings.map { it.approval }
        seen.retainAll(asks.toSet())
        manager.activeNotifications.filter { it.id == ASKS && it.tag !in asks }.forEach { manager.cancel(it.tag, ASKS) }
        if (rings.isNotEmpty() || isInFront) manager.cancel(WAITING)
        if (isInFront) return
        for (ring in rings.filter { seen.add(it.approval) }) manager.notify(ring.approval, ASKS, note(ring))
    }

    /** Something may be waiting, and nothing else is known. */
    fun sayWaiting() = manager.notify(WAITING, waiting().setTimeoutAfter(WAITING_MS).build())

    fun takeAway(approval: String) = manager.cancel(approval, ASKS)

    @Synchronized
    fun takeAllAway() {
        seen.clear()
        manager.cancelAll()
    }

    private fun note(ring: Ring): Notification {
        val left = (ring.until - now()).toLong().coerceAtLeast(1) * MS
        return builder()
            .setContentTitle(context.say(ring.title))
            .setContentText(context.say(ring.place))
            .setSubText(ring.host)
            .setContentIntent(open(ring.approval))
            .setVisibility(Notification.VISIBILITY_PRIVATE)
            .setPublicVersion(waiting().build())
            .setTimeoutAfter(left)
            .setOnlyAlertOnce(true)
            .apply { if (ring.canDeny) addAction(deny(ring.approval)) }
            .build()
    }

    /** All that a locked phone shows. */
    private fun waiting() = builder()
        .setContentTitle(context.say(Say.phoneBellWaiting))
        .setContentText(context.say(Say.phoneBellWaitingAbout))
        .setContentIntent(open(null))

    private fun builder() = Notification.Builder(context, channel().id)
        .setSmallIcon(R.drawable.bell)
        .setColor(context.getColor(R.color.accent))
        .setCategory(Notification.CATEGORY_STATUS)
        .setAutoCancel(true)
        // A watch shows it without an unlock of the phone.
        .setLocalOnly(true)

    /** No is said behind the phone's lock: by the system since Android 12, before that on the page of the sign-in. */
    private fun deny(approval: String): Notification.Action {
        val canGuard = Build.VERSION.SDK_INT >= Build.VERSION_CODES.S
        val does = if (canGuard) DenyReceiver.denies(context, approval) else open(approval)
        val icon = Icon.createWithResource(context, R.drawable.close)
        val action = Notification.Action.Builder(icon, context.say(Say.phoneBellDeny), does)
        if (canGuard) action.setAuthenticationRequired(true)
        return action.build()
    }

    private fun open(approval: String?): PendingIntent =
        PendingIntent.getActivity(context, 0, showing(context, approval), PendingIntent.FLAG_IMMUTABLE)

    /** Made when it is first of use; its name follows the phone's language. */
    private fun channel(): NotificationChannel {
        val wanted = NotificationChannel(CHANNEL, words(Say.phoneBellChannel), NotificationManager.IMPORTANCE_HIGH)
        wanted.description = words(Say.phoneBellChannelAbout)
        wanted.lockscreenVisibility = Notification.VISIBILITY_PRIVATE
        manager.createNotificationChannel(wanted)
        return manager.getNotificationChannel(CHANNEL)
    }

    private fun words(text: Text) = context.say(text)
}

private const val SHOW = "org.countersign.app.SHOW"
private const val APPROVAL = "approval"

/** Opens the app, at this sign-in. */
internal fun showing(context: Context, approval: String?): Intent = Intent(context, MainActivity::class.java).apply {
    action = if (approval == null) Intent.ACTION_MAIN else SHOW
    data = approval?.let { Uri.fromParts(APPROVAL, it, null) }
    addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
}

/**
 * The sign-in that is to be shown. It is looked up in the core: what isn't there is shown as over. Who comes back by the list of
 * recent apps brings an old one.
 */
internal fun Intent.approval(): String? = data
    ?.takeIf { action == SHOW && it.scheme == APPROVAL && flags and Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY == 0 }
    ?.schemeSpecificPart
    ?.takeIf { it.isNotEmpty() }
