package org.countersign.bindings

import kotlinx.coroutines.runBlocking
import org.countersign.support.Folders
import org.countersign.support.MemoryObserver
import org.countersign.support.PASSPHRASE
import org.countersign.support.StillClock
import org.countersign.support.account
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test

class ListTest {
    @get:Rule
    val folders = Folders()

    @Test
    fun theListShowsTheCodesOfTheStandardAndTheNextChange() = runBlocking {
        val app = folders.phone()
        app.addAccount(account("time"))
        val counted = app.addAccount(account("count", AccountKind.Hotp(counter = 0u)))
        val codes = app.codes(now = 59u)
        assertEquals(listOf("time", "count"), codes.rows.map { it.account.name })
        assertEquals("94287082", codes.rows[0].live?.code)
        assertEquals(60uL, codes.nextChange)
        assertNull(codes.rows[1].live)
        assertEquals(listOf("84755224", "94287082", "37359152"), List(3) { app.nextHotp(counted) })
    }

    @Test
    fun aLockedVaultShowsNothingAndOpensByItsPassphraseAlone() = runBlocking {
        val app = folders.phone()
        app.addAccount(account("mara"))
        app.lock()
        assertEquals(LockState.LOCKED, app.lockState())
        val locked = assertThrows(CountersignException.Input::class.java) { app.codes(now = 0u) }
        assertEquals(InputFault.VaultLocked, locked.fault)
        val wrong = assertThrows(CountersignException.Input::class.java) {
            runBlocking { app.unlock("another".toByteArray(), CancelHandle()) }
        }
        assertEquals(InputFault.WrongPassphrase, wrong.fault)
        app.unlock(PASSPHRASE, CancelHandle())
        assertEquals(listOf("mara"), app.search("exam MARA").map { it.name })
    }

    @Test
    fun anObserverHearsWhatChanged() = runBlocking {
        val app = folders.phone()
        val observer = MemoryObserver()
        app.observe(observer)
        app.addAccount(account("mara"))
        assertTrue(observer.heard().contains(Topic.ACCOUNTS))
        assertTrue(!observer.heard().contains(Topic.LOCK))
        app.lock()
        assertTrue(observer.heard().contains(Topic.LOCK))
    }

    @Test
    fun aClockOfTheShellSaysWhenAnAccountWasAdded() = runBlocking {
        val app = folders.phone(clock = StillClock(1_700_000_000u))
        app.addAccount(account("mara"))
        assertEquals(1_700_000_000uL, app.codes(now = 0u).rows.single().account.created)
    }

    @Test
    fun whatIsScannedIsNamed() {
        val app = folders.phone()
        val seen = app.scanText("https://example.com/x".toByteArray()) as Scanned.Other
        assertEquals(ScannedClass.WebPage("example.com"), seen.what)
        assertEquals(Scanned.Login::class, app.scanText("https://gate.example.com/approve#1.x".toByteArray())::class)
        assertTrue(app.notices().isEmpty() && app.approvals().isEmpty() && app.gateways().isEmpty())
        assertTrue(runBlocking { app.history() }.isEmpty())
    }
}
