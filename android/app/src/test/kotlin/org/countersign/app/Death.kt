package org.countersign.app

import android.app.Application
import android.app.Instrumentation
import android.os.Bundle
import android.os.Parcel
import org.countersign.bindings.ClockPort
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowBiometricPrompt
import org.robolectric.util.ReflectionHelpers

/**
 * The process ends here, and the person comes back to the app: another application object and another window, with the disk,
 * the keystore and what the system saved of the window. What the old process waited for never comes: none of its code is told
 * of the end, so that the disk stays as it was at that moment.
 */
internal fun ActivityController<MainActivity>.diesAndComesBack(
    clock: ClockPort? = null,
): ActivityController<MainActivity> {
    val before = app
    pause().stop()
    val saved = kept(Bundle().also { saveInstanceState(it) })
    // The system takes away what it drew for a process that is gone.
    ShadowBiometricPrompt.reset()
    begin(before)
    app.clock = clock
    return Robolectric.buildActivity(
        MainActivity::class.java,
    ).create(saved).start().restoreInstanceState(saved).resume()
        .visible()
}

/** What the system keeps of it: bytes. */
private fun kept(state: Bundle): Bundle {
    val parcel = Parcel.obtain()
    return try {
        parcel.writeBundle(state)
        val bytes = parcel.marshall()
        parcel.setDataPosition(0)
        parcel.unmarshall(bytes, 0, bytes.size)
        parcel.setDataPosition(0)
        parcel.readBundle(MainActivity::class.java.classLoader)!!
    } finally {
        parcel.recycle()
    }
}

private fun begin(before: CountersignApp) {
    val next = Instrumentation.newApplication(CountersignApp::class.java, before.baseContext)
    val loaded = ReflectionHelpers.getField<Any>(before, "mLoadedApk")
    ReflectionHelpers.setField(loaded, "mApplication", next)
    ReflectionHelpers.setField(RuntimeEnvironment.getActivityThread(), "mInitialApplication", next)
    RuntimeEnvironment::class.java.getField("application").set(null, next as Application)
    next.onCreate()
}
