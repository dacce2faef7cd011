package org.countersign.app.shell

import android.annotation.SuppressLint
import android.app.PendingIntent
import android.content.Intent
import android.os.Build
import android.service.quicksettings.TileService
import org.countersign.app.MainActivity

/** The tile among the quick settings: it opens the scanner, and reads and shows nothing itself. */
class ScanTile : TileService() {
    override fun onClick() {
        super.onClick()
        // A locked phone is unlocked first.
        if (isLocked) unlockAndRun(::scan) else scan()
    }

    @SuppressLint("StartActivityAndCollapseDeprecated") // What took its place came with Android 14.
    private fun scan() {
        val intent = Intent(SCAN).setClass(this, MainActivity::class.java).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) {
            startActivityAndCollapse(PendingIntent.getActivity(this, 0, intent, PendingIntent.FLAG_IMMUTABLE))
        } else {
            @Suppress("DEPRECATION")
            startActivityAndCollapse(intent)
        }
    }
}
