package org.countersign.app.shell

import android.os.Handler
import android.os.Looper
import java.util.concurrent.CopyOnWriteArrayList
import org.countersign.bindings.ObserverPort
import org.countersign.bindings.Topic

/** Hands on what changed in the core to whoever draws, on the main thread. */
class Changes : ObserverPort {
    private val main = Handler(Looper.getMainLooper())
    private val listeners = CopyOnWriteArrayList<(Topic) -> Unit>()

    fun listen(listener: (Topic) -> Unit) {
        listeners += listener
    }

    fun leave(listener: (Topic) -> Unit) {
        listeners -= listener
    }

    override fun changed(topic: Topic) {
        main.post { listeners.forEach { it(topic) } }
    }
}
