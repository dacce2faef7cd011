package org.countersign.app

import android.database.sqlite.SQLiteDatabase
import android.os.Build
import java.io.File
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AccountKind
import org.countersign.bindings.Algorithm
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.NewAccount
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.testkit.FakeKeyStore
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

private const val PASSPHRASE = "four words that stay"

/** A vault of which somebody took a part: the rest opens, and what is gone is told. */
@RunWith(RobolectricTestRunner::class)
@Config(minSdk = Build.VERSION_CODES.Q) // Robolectric cannot open the vault's file as Android 9.
class DamageJourneyTest {
    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking {
            app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle())
            val seed = "12345678901234567890".toByteArray()
            val kind = AccountKind.Totp(period = 30u, start = 0u)
            app.core.addAccount(NewAccount("Example", "mara", "", kind, Algorithm.SHA1, 6u, seed, pin = null))
            app.core.lock()
        }
        val file = File(app.filesDir, "private").walk().first { it.name == "vault.sqlite" }
        SQLiteDatabase.openDatabase(file.path, null, SQLiteDatabase.OPEN_READWRITE).use {
            it.execSQL("DELETE FROM account")
        }
    }

    @Test
    fun whatIsGoneIsToldUntilItWasRead() = Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
        screen.sees(Say.phoneUnlockLocked)
        screen.type(0, PASSPHRASE)
        screen.tap(Say.phoneUnlockUnlock)
        screen.tap(Say.phoneAccountsDamageSee)
        screen.sees(Say.errorDamageMissing(count(1)))
        screen.back()
        screen.tap(Say.phoneAccountsDamageSee)
        screen.tap(Say.phoneAccountsDamageSeen)
        screen.sees(Say.phoneAccountsTitle)
        screen.awaiting("its end") { !screen.get().shows(Say.phoneAccountsDamage) }
    }
}
