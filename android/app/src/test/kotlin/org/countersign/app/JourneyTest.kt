package org.countersign.app

import android.app.KeyguardManager
import android.content.ClipboardManager
import android.view.WindowManager
import java.io.File
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AccountKind
import org.countersign.bindings.Algorithm
import org.countersign.bindings.LockState
import org.countersign.bindings.NewAccount
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.await
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController

private const val PASSPHRASE = "four words that stay"

/** The app as a person drives it, with the real core. */
@RunWith(RobolectricTestRunner::class)
class JourneyTest {
    private val app get() = RuntimeEnvironment.getApplication() as CountersignApp

    @Before
    fun begin() = FakeKeyStore.install()

    @Test
    fun fromTheFirstRunToACodeAndThroughTheLock(): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            firstRun(screen)
            screen.back()
            screen.sees(Say.phoneAccountsEmpty)
            addAccount()
            screen.sees("Example")
            screen.get().row("Example").performClick()
            await("the copy") { copied().matches(Regex("[0-9]{6}")) }

            runBlocking { app.core.lock() }
            screen.sees(Say.phoneUnlockLocked)
            assertFalse("a locked vault shows no name", screen.get().shows("Example"))
            screen.type(0, "another one")
            screen.tap(Say.phoneUnlockUnlock)
            screen.sees(Say.errorWrongPassphrase)
            screen.type(0, PASSPHRASE)
            screen.tap(Say.phoneUnlockUnlock)
            screen.sees("Example")
        }

    @Test
    fun thePlaceSurvivesTheDeathOfItsWindow(): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            firstRun(screen)
            screen.back()
            addAccount()
            screen.sees("Example")
            screen.get().row("Example").performLongClick()
            screen.sees(Say.phoneAccountsBurn)
            screen.recreate()
            screen.sees(Say.phoneAccountsBurn)
            screen.back()
            screen.sees(Say.phoneAccountsTitle)
        }

    @Test
    fun theSheetOpensWhatThePassphraseNoLongerDoes(): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            firstRun(screen)
            screen.back()
            screen.sees(Say.phoneAccountsEmpty)
            val sheet = runBlocking { app.core.addSheet("").also { app.core.lock() } }
            screen.tap(Say.phoneUnlockBySheet)
            screen.sees(Say.phoneUnlockSheet)
            screen.type(0, sheet.lines.dropLast(1).joinToString("\n"))
            screen.tap(Say.phoneUnlockUnlock)
            screen.sees(Say.errorSheetLine(count(4)))
            assertTrue("it stays to be mended", screen.get().shows(sheet.lines.dropLast(1).joinToString("\n")))
            screen.type(0, sheet.lines.joinToString("\n"))
            screen.tap(Say.phoneUnlockUnlock)
            screen.sees(Say.phoneSettingsAfterSheet)
            screen.type(0, "words that are new")
            screen.type(1, "words that are new")
            screen.tap(Say.phoneSave)
            screen.sees(Say.phoneSettingsLockNever)
            runBlocking { app.core.lock() }
            screen.sees(Say.phoneUnlockLocked)
            screen.type(0, "words that are new")
            screen.tap(Say.phoneUnlockUnlock)
            screen.sees(Say.phoneSettingsLockNever)
        }

    @Test
    fun whatDidNotOpenIsTriedAgain() {
        val blocked = File(app.filesDir, "shared").apply { writeText("no folder") }
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            screen.sees(Say.phoneRetry)
            blocked.delete()
            screen.tap(Say.phoneRetry)
            screen.sees(Say.phoneUnlockAddAccount)
        }
    }

    @Test
    fun otherAppsSeeNothingOfIt(): Unit = Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
        assertTrue(shadowOf(screen.get().window).getFlag(WindowManager.LayoutParams.FLAG_SECURE))
    }

    private fun firstRun(screen: ActivityController<MainActivity>) {
        assertFalse(app.getSystemService(KeyguardManager::class.java).isDeviceSecure)
        screen.sees(Say.phoneUnlockNoScreenLock)
        screen.tap(Say.phoneUnlockAddAccount)
        screen.sees(Say.phoneUnlockChoosePassphrase)
        screen.type(0, PASSPHRASE)
        screen.type(1, PASSPHRASE)
        screen.tap(Say.phoneNextStep)
        await("the vault") { app.core.lockState() == LockState.OPEN }
        screen.sees(Say.phoneScanCameraAbsent)
    }

    private fun addAccount() = runBlocking {
        val seed = "12345678901234567890".toByteArray()
        val kind = AccountKind.Totp(period = 30u, start = 0u)
        app.core.addAccount(NewAccount("Example", "mara", "", kind, Algorithm.SHA1, 6u, seed, pin = null))
    }

    private fun copied(): String =
        app.getSystemService(ClipboardManager::class.java).primaryClip?.getItemAt(0)?.text?.toString().orEmpty()
}
