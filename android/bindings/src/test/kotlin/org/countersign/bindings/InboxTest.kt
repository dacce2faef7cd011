package org.countersign.bindings

import org.countersign.support.Folders
import org.countersign.support.MemoryKeystore
import org.countersign.support.StillClock
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Rule
import org.junit.Test

/** The phone as a service has it that a bell starts; what a gateway rang is in the journey at one. */
class InboxTest {
    @get:Rule
    val folders = Folders()

    private val keystore = MemoryKeystore()

    private fun faultOf(keystore: KeystorePort): PortFault {
        val fault = assertThrows(CountersignException.Port::class.java) {
            Inbox.open(folders.sharedFolder, keystore, null)
        }
        return fault.fault
    }

    @Test
    fun whereNoAppWasThereIsNone() = assertEquals(PortFault.UNAVAILABLE, faultOf(keystore))

    @Test
    fun aLockedKeystoreOpensNone() {
        folders.phone(keystore).close()
        val locked = object : KeystorePort by keystore {
            override fun unwrap(under: Guard, sealed: ByteArray, cancel: CancelHandle): ByteArray =
                throw ShellException.Port(PortFault.LOCKED)
        }
        assertEquals(PortFault.LOCKED, faultOf(locked))
    }

    @Test
    fun whatIsNoBellIsNoMoreThanWaitingAndNothingIsLeftForTheApp() {
        folders.phone(keystore).use { app ->
            Inbox.open(folders.sharedFolder, keystore, StillClock(1_700_000_000u)).use { inbox ->
                listOf("", "no bell", "x".repeat(1_126), "x".repeat(100_000)).forEach {
                    assertEquals(Note.Waiting, inbox.bell(it.toByteArray()))
                }
            }
            assertEquals(emptyList<ApprovalRow>(), app.approvals())
        }
    }
}
