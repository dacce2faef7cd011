package org.countersign.app.port

import android.app.ActivityManager
import android.content.Context
import android.os.Build
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.Os
import org.countersign.bindings.Phone

private const val MODEL_LENGTH = 64

/** Less memory than this is a small phone: a key derivation must leave room for other apps. */
private const val SMALL_BYTES = 3L shl 30

/** This phone, as it tells of itself. */
internal fun phone(version: String) =
    Phone(Os.ANDROID, "${Build.MANUFACTURER} ${Build.MODEL}".take(MODEL_LENGTH), "Countersign $version")

/** What a key derivation may cost on this phone. */
fun deviceClass(context: Context): DeviceClass {
    val memory = ActivityManager.MemoryInfo()
    context.getSystemService(ActivityManager::class.java).getMemoryInfo(memory)
    return if (memory.totalMem < SMALL_BYTES) DeviceClass.SMALL_PHONE else DeviceClass.PHONE
}
