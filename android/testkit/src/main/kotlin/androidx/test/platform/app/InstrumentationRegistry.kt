package androidx.test.platform.app

import android.app.Instrumentation
import android.os.Bundle

/** Stands in for the type of this name that Robolectric links to. */
object InstrumentationRegistry {
    private var instrumentation: Instrumentation? = null
    private var arguments: Bundle? = null

    @JvmStatic
    fun getInstrumentation(): Instrumentation = checkNotNull(instrumentation) { "no instrumentation was registered" }

    @JvmStatic
    fun getArguments(): Bundle = Bundle(checkNotNull(arguments) { "no arguments were registered" })

    @JvmStatic
    fun registerInstance(instrumentation: Instrumentation?, arguments: Bundle?) {
        this.instrumentation = instrumentation
        this.arguments = arguments
    }
}
