// Stand in for the types of these names that Robolectric links to.
package androidx.test.runner.intent

import android.app.Instrumentation
import android.content.Intent

fun interface IntentCallback {
    fun onIntentSent(intent: Intent)
}

interface IntentMonitor {
    fun addIntentCallback(callback: IntentCallback)

    fun removeIntentCallback(callback: IntentCallback)
}

object IntentMonitorRegistry {
    private var monitor: IntentMonitor? = null

    @JvmStatic
    fun getInstance(): IntentMonitor = checkNotNull(monitor) { "no monitor was registered" }

    @JvmStatic
    fun registerInstance(monitor: IntentMonitor?) {
        this.monitor = monitor
    }
}

fun interface IntentStubber {
    fun getActivityResultForIntent(intent: Intent): Instrumentation.ActivityResult?
}

object IntentStubberRegistry {
    private var stubber: IntentStubber? = null

    @JvmStatic
    fun load(stubber: IntentStubber) {
        this.stubber = stubber
    }

    @JvmStatic
    fun isLoaded(): Boolean = stubber != null

    @JvmStatic
    fun getInstance(): IntentStubber = checkNotNull(stubber) { "no stubber was loaded" }

    @JvmStatic
    fun reset() {
        stubber = null
    }
}
