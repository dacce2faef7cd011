package org.countersign.bindings

import kotlinx.coroutines.runBlocking
import org.countersign.support.Folders
import org.countersign.support.MemoryKeystore
import org.countersign.support.account
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Rule
import org.junit.Test

/** What a port of the shell throws. */
class ThrowTest {
    @get:Rule
    val folders = Folders()

    private fun faultOf(thrown: Exception): CountersignException.Port {
        val app = folders.phone(MemoryKeystore { throw thrown })
        val fault = assertThrows(CountersignException.Port::class.java) {
            runBlocking { app.addKeystoreSlot(CancelHandle()) }
        }
        assertEquals("the object stays usable", 1, runBlocking { app.slots() }.size)
        return fault
    }

    @Test
    fun aReasonWithANameReachesTheCaller() {
        assertEquals(PortFault.USER_REFUSED, faultOf(ShellException.Port(PortFault.USER_REFUSED)).fault)
    }

    @Test
    fun anythingElseIsAFailureWithoutItsWords() {
        val fault = faultOf(IllegalStateException("words that no log may hold"))
        assertEquals(PortFault.FAILED, fault.fault)
        assertFalse(fault.toString().contains("words"))
    }

    @Test
    fun anObserverThatThrowsStopsNobody() = runBlocking {
        val app = folders.phone()
        app.observe(
            object : ObserverPort {
                override fun changed(topic: Topic): Unit = error("no screen")
            },
        )
        app.addAccount(account("mara"))
        assertEquals(1, app.codes(now = 0u).rows.size)
    }

    @Test
    fun aClockThatThrowsIsTheMachines() = runBlocking {
        val broken = object : ClockPort {
            override fun now(): ULong = error("no clock")
        }
        val app = folders.phone(clock = broken)
        app.addAccount(account("mara"))
        val machine = System.currentTimeMillis().toULong() / 1000u
        assertEquals(machine.toDouble(), app.codes(now = 0u).rows.single().account.created.toDouble(), 60.0)
    }

    @Test
    fun aKeystoreThatCannotSayItsLevelOpensNoPhone() {
        val keystore = object : KeystorePort by MemoryKeystore() {
            override fun level(): Level = throw ShellException.Port(PortFault.LOCKED)
        }
        val fault = assertThrows(CountersignException.Port::class.java) {
            Countersign.open(folders.privateFolder, folders.sharedFolder, emptyList(), keystore, null)
        }
        assertEquals(PortFault.LOCKED, fault.fault)
    }
}
