package org.countersign.app

import android.app.Application
import java.io.File
import org.countersign.app.port.Keys
import org.countersign.app.port.PromptAsker
import org.countersign.app.port.platformRoots
import org.countersign.bindings.Countersign

/** The process. It holds the one core, for as long as it lives. */
class CountersignApp : Application() {
    private val front = Front()

    /** The core on what this phone has on disk. Opening it reads files: not on the main thread. */
    val core: Countersign by lazy {
        val folder = { name: String -> File(filesDir, name).path }
        Countersign.open(folder("private"), folder("shared"), platformRoots(), Keys(PromptAsker(front::activity)), clock = null)
    }

    override fun onCreate() {
        super.onCreate()
        registerActivityLifecycleCallbacks(front)
    }
}
