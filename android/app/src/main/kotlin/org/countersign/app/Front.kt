package org.countersign.app

import android.app.Activity
import android.app.Application.ActivityLifecycleCallbacks
import android.os.Bundle

/** Which of our windows the person has before them. */
class Front : ActivityLifecycleCallbacks {
    @Volatile
    var activity: Activity? = null
        private set

    override fun onActivityResumed(activity: Activity) {
        this.activity = activity
    }

    override fun onActivityPaused(activity: Activity) {
        if (this.activity === activity) this.activity = null
    }

    override fun onActivityCreated(activity: Activity, saved: Bundle?) = Unit

    override fun onActivityStarted(activity: Activity) = Unit

    override fun onActivityStopped(activity: Activity) = Unit

    override fun onActivitySaveInstanceState(activity: Activity, saved: Bundle) = Unit

    override fun onActivityDestroyed(activity: Activity) = Unit
}
