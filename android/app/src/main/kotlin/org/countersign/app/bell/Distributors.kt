package org.countersign.app.bell

import android.app.BroadcastOptions
import android.app.PendingIntent
import android.content.Context
import android.content.Intent
import android.content.pm.ResolveInfo
import android.os.Build
import org.countersign.app.R
import org.countersign.logic.bell.Distributor
import org.countersign.logic.bell.Subscription
import org.countersign.logic.bell.UnifiedPush

/** The apps on this phone that deliver bells, and what is sent to them: each broadcast to one of them alone. */
internal class Distributors(private val context: Context) {
    fun installed(): List<Distributor> = context.packageManager
        .queryBroadcastReceivers(Intent(UnifiedPush.REGISTER), 0)
        .distinctBy { it.activityInfo.packageName }
        .filter { it.activityInfo.packageName != context.packageName }
        .map { Distributor(it.activityInfo.packageName, name(it)) }

    /** How the whole app is called; its receiver may have a name of its own. */
    private fun name(found: ResolveInfo) =
        found.activityInfo.applicationInfo.loadLabel(context.packageManager).toString().take(MOST_NAME)

    fun register(subscription: Subscription) =
        send(UnifiedPush.REGISTER, subscription.distributor, subscription.token) {
            subscription.vapid?.let { putExtra(UnifiedPush.VAPID, it) }
            putExtra(UnifiedPush.WORDS, context.getString(R.string.app_name))
            putExtra(UnifiedPush.WHO, who())
            // Distributors of the version before know who asks by its word, and send bytes to those who say so.
            putExtra("application", context.packageName)
            putExtra("features", arrayOf("org.unifiedpush.android.distributor.feature.BYTES_MESSAGE"))
        }

    fun unregister(distributor: String, token: String) = send(UnifiedPush.UNREGISTER, distributor, token)

    fun acknowledge(subscription: Subscription, id: String) =
        send(UnifiedPush.MESSAGE_ACK, subscription.distributor, subscription.token) { putExtra(UnifiedPush.ID, id) }

    /** It proves who made it and does nothing: it goes to an app that nobody has. */
    private fun who(): PendingIntent {
        val nobody = Intent().setPackage("org.unifiedpush.dummy_app")
        return PendingIntent.getBroadcast(context, 0, nobody, PendingIntent.FLAG_IMMUTABLE)
    }

    private fun send(action: String, to: String, token: String, more: Intent.() -> Unit = {}) {
        val said = Intent(action)
            .setPackage(to)
            .addFlags(Intent.FLAG_RECEIVER_FOREGROUND)
            .putExtra(UnifiedPush.TOKEN, token)
            .apply(more)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) {
            val known = BroadcastOptions.makeBasic().setShareIdentityEnabled(true)
            context.sendBroadcast(said, null, known.toBundle())
        } else {
            context.sendBroadcast(said)
        }
    }

    private companion object {
        const val MOST_NAME = 64
    }
}
