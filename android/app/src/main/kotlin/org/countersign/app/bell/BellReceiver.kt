package org.countersign.app.bell

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import org.countersign.app.CountersignApp
import org.countersign.logic.bell.UnifiedPush
import org.countersign.logic.bell.heard

/** Hears distributors. Any app can send these: what does not name a token that was given out leads to nothing at all. */
class BellReceiver : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) {
        val bells = (context.applicationContext as CountersignApp).bells
        val (token, heard) = try {
            intent.getStringExtra(UnifiedPush.TOKEN) to heard(
                intent.action,
                intent.getStringExtra(UnifiedPush.ENDPOINT),
                intent.getStringExtra(UnifiedPush.REASON),
                intent.getByteArrayExtra(UnifiedPush.BYTES),
            )
        } catch (_: RuntimeException) {
            // A parcel that cannot be read.
            return
        }
        if (heard != null) bells.hear(token, heard, intent.getStringExtra(UnifiedPush.ID), Pending(goAsync()))
    }
}

/** A broadcast that is still being heard: the process lives until it is [done]. */
internal class Pending(private val result: BroadcastReceiver.PendingResult?) {
    fun done() {
        result?.finish()
    }
}
