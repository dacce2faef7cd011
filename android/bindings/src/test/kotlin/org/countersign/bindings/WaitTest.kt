package org.countersign.bindings

import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.countersign.support.Folders
import org.countersign.support.MemoryKeystore
import org.countersign.support.account
import org.countersign.support.check
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test

private const val PATIENCE_S = 30L

/** Calls that wait for a port, and others beside them. */
class WaitTest {
    @get:Rule
    val folders = Folders()

    private val asked = CountDownLatch(1)
    private val heard = CountDownLatch(1)

    /** A prompt that stands until its call is cancelled. */
    private val standing = MemoryKeystore { cancel ->
        asked.countDown()
        while (!cancel.isCancelled()) Thread.sleep(1)
        heard.countDown()
        cancel.check()
    }

    private fun CountDownLatch.comes(): Boolean = await(PATIENCE_S, TimeUnit.SECONDS)

    @Test
    fun aCallIsCancelledByItsHandle() = runBlocking {
        val app = folders.phone(standing)
        val handle = CancelHandle()
        val call = CoroutineScope(Dispatchers.Default).async { runCatching { app.addKeystoreSlot(handle) } }
        assertTrue(asked.comes())
        handle.cancel()
        val fault = call.await().exceptionOrNull() as CountersignException.Port
        assertEquals(PortFault.CANCELLED, fault.fault)
        assertEquals("nothing was added", 1, app.slots().size)
    }

    @Test
    fun aCoroutineThatIsCancelledTakesItsCallAlong() = runBlocking {
        val app = folders.phone(standing)
        val job = CoroutineScope(Dispatchers.Default).launch { cancelling { app.addKeystoreSlot(it) } }
        assertTrue(asked.comes())
        job.cancelAndJoin()
        assertTrue("the port hears of it", heard.comes())
    }

    @Test
    fun aHandleThatWasCancelledBeforeStopsACallAtOnce() {
        val app = folders.phone()
        val handle = CancelHandle().apply { cancel() }
        val fault = assertThrows(CountersignException.Port::class.java) {
            runBlocking { app.addKeystoreSlot(handle) }
        }
        assertEquals(PortFault.CANCELLED, fault.fault)
    }

    @Test
    fun theListStaysReadableWhileAPortBlocksForEver() = runBlocking {
        val released = CountDownLatch(1)
        val blocks = MemoryKeystore {
            asked.countDown()
            released.await()
        }
        val app = folders.phone(blocks)
        app.addAccount(account("mara"))
        val call = CoroutineScope(Dispatchers.Default).async { app.addKeystoreSlot(CancelHandle()) }
        assertTrue(asked.comes())
        repeat(100) { assertEquals("94287082", app.codes(now = 59u).rows.single().live?.code) }
        app.addAccount(account("olga", AccountKind.Hotp(0u)))
        assertEquals("it is changed, too", 2, app.codes(now = 59u).rows.size)
        assertEquals(listOf("mara"), app.search("mara").map { it.name })
        assertTrue("and the port still blocks", call.isActive)
        released.countDown()
        call.await()
        assertEquals(2, app.slots().size)
    }
}
