package org.countersign.app.port

import android.content.ClipData
import android.content.ClipDescription
import android.content.ClipboardManager
import android.content.Context
import android.os.Build
import android.os.Handler
import android.os.Looper
import android.os.PersistableBundle

private const val MARK = "org.countersign.code"
private const val MS = 1000L

/** Where codes are copied to. They are marked, so that keyboards and the phone do not show them, and taken away again. */
class Clipboard(context: Context) {
    private val clips = context.getSystemService(ClipboardManager::class.java)
    private val later = Handler(Looper.getMainLooper())

    /** A code of this process is taken away later. */
    private var isWaiting = false

    /** Copies [code], and takes it away after [clearAfterS] seconds if nothing else was copied meanwhile. */
    fun copyCode(code: String, clearAfterS: Int) {
        val clip = ClipData.newPlainText(MARK, code)
        clip.description.extras = PersistableBundle().apply { putBoolean(SENSITIVE, true) }
        clips.setPrimaryClip(clip)
        later.removeCallbacksAndMessages(null)
        isWaiting = later.postDelayed(::clear, clearAfterS * MS)
    }

    /** Copies what is no secret. */
    fun copyWords(words: String) {
        later.removeCallbacksAndMessages(null)
        clips.setPrimaryClip(ClipData.newPlainText(null, words))
    }

    /**
     * Takes our code away. What somebody else copied stays, as far as this app may see it: since Android 10 only who is in front
     * sees what is there. Who copied a code went to another app to paste it, and there it is cleared unseen.
     */
    fun clear() {
        later.removeCallbacksAndMessages(null)
        isWaiting = false
        val there = clips.primaryClipDescription
        if (there == null || there.label == MARK) clips.clearPrimaryClip()
    }

    /** Takes away a code that a process of ours copied which died before it could do so. */
    fun sweep() {
        if (!isWaiting && clips.primaryClipDescription?.label == MARK) clear()
    }

    private companion object {
        /** By its name as well: phones before Android 13 know it by that, if at all. */
        val SENSITIVE =
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
                ClipDescription.EXTRA_IS_SENSITIVE
            } else {
                "android.content.extra.IS_SENSITIVE"
            }
    }
}
