package org.countersign.bindings

import kotlinx.coroutines.CancellationException

/**
 * Runs a long [call] that ends with the coroutine it was started in.
 *
 * A cancelled coroutine stops waiting by itself, and the call would go on: this tells it to stop.
 */
suspend fun <T> cancelling(call: suspend (CancelHandle) -> T): T = CancelHandle().use { handle ->
    try {
        call(handle)
    } catch (stop: CancellationException) {
        handle.cancel()
        throw stop
    }
}
