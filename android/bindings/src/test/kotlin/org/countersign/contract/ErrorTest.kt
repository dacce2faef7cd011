package org.countersign.contract

import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AccountKind
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.Countersign
import org.countersign.bindings.CountersignException
import org.countersign.bindings.GatewayFault
import org.countersign.bindings.InputFault
import org.countersign.bindings.LockState
import org.countersign.bindings.PortFault
import org.countersign.support.Folders
import org.countersign.support.MemoryKeystore
import org.countersign.support.PASSPHRASE
import org.countersign.support.account
import org.countersign.support.makeVault
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test

/** Each kind of error is an exception of its own; a panic in core is one too, and the phone goes on. */
class ErrorTest {
    @get:Rule
    val folders = Folders()

    @Test
    fun whatAPersonCanMend() {
        val error = assertThrows(CountersignException.Input::class.java) { failWith(ErrorKind.INPUT) }
        assertEquals(InputFault.SheetLine(7u), error.fault)
    }

    @Test
    fun whatAGatewayRefuses() {
        val error = assertThrows(CountersignException.Gateway::class.java) { failWith(ErrorKind.GATEWAY) }
        assertEquals(GatewayFault.Busy(30u), error.fault)
    }

    @Test
    fun whatThePlatformCannotDo() {
        val error = assertThrows(CountersignException.Port::class.java) { failWith(ErrorKind.PORT) }
        assertEquals(PortFault.DISK_FULL, error.fault)
    }

    @Test
    fun aFaultOfOurs() {
        assertThrows(CountersignException.Internal::class.java) { failWith(ErrorKind.INTERNAL) }
    }

    private fun panicking(clock: PanickingClock): Countersign =
        phoneThatPanics(folders.privateFolder, folders.sharedFolder, MemoryKeystore(), clock).also { it.makeVault() }

    @Test
    fun aPanicInACallThatWaitsIsAFaultOfOursAndThePhoneGoesOn() = runBlocking {
        val clock = PanickingClock()
        val app = panicking(clock)
        app.addAccount(account("mara"))
        clock.panicOnce()
        assertThrows(CountersignException.Internal::class.java) {
            runBlocking { app.addAccount(account("olga", AccountKind.Hotp(0u))) }
        }
        // It may have been half done: the vault is read anew, and asks for its passphrase.
        assertThrows(CountersignException::class.java) { app.codes(now = 59u) }
        assertEquals(LockState.LOCKED, app.lockState())
        app.unlock(PASSPHRASE, CancelHandle())
        assertEquals(listOf("mara"), app.codes(now = 59u).rows.map { it.account.name })
        app.addAccount(account("olga", AccountKind.Hotp(0u)))
        assertEquals(2, app.codes(now = 59u).rows.size)
    }

    @Test
    fun aPanicInACallThatOnlyReadsIsAFaultOfOursAndThePhoneGoesOn() {
        val clock = PanickingClock()
        val app = panicking(clock)
        for (read in listOf({ app.approvals() }, { app.notices() })) {
            clock.panicOnce()
            assertThrows(CountersignException.Internal::class.java) { read() }
        }
        assertTrue(app.approvals().isEmpty())
        assertTrue(app.codes(now = 59u).rows.isEmpty())
    }
}
