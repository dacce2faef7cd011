package org.countersign.app.bell

import android.app.KeyguardManager
import android.app.PendingIntent
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.net.Uri
import org.countersign.app.CountersignApp
import org.countersign.logic.bell.Work

/** The no of a notification. The system asks for the unlock before it; on a phone that is locked all the same nothing happens. */
class DenyReceiver : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) {
        val approval = intent.data?.schemeSpecificPart ?: return
        if (context.getSystemService(KeyguardManager::class.java).isDeviceLocked) return
        (context.applicationContext as CountersignApp).bells.deny(approval, Pending(goAsync()))
    }

    internal companion object {
        fun denies(context: Context, approval: String): PendingIntent {
            val said = Intent(context, DenyReceiver::class.java).setData(Uri.fromParts("approval", approval, null))
            return PendingIntent.getBroadcast(context, 0, said, PendingIntent.FLAG_IMMUTABLE)
        }
    }
}
