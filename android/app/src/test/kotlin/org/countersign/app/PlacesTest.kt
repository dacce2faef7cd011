package org.countersign.app

import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AccountKind
import org.countersign.bindings.Algorithm
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.NewAccount
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.junit.Assert.assertFalse
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner

/** Whoever is led to a place finds a screen there. */
@RunWith(RobolectricTestRunner::class)
class PlacesTest {
    private var account = 0uL

    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking {
            app.core.createVault("four words".toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle())
            val kind = AccountKind.Totp(period = 30u, start = 0u)
            val seed = "12345678901234567890".toByteArray()
            account = app.core.addAccount(NewAccount("Example", "mara", "", kind, Algorithm.SHA1, 6u, seed, pin = null))
        }
    }

    @Test
    fun everyPlaceHasAScreen() = Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
        screen.sees(Say.phoneAccountsTitle)
        val places = listOf(
            Route.Accounts,
            Route.Account(
                account,
            ),
            Route.EditAccount(account), Route.Bin, Route.Damage, Route.Scan, Route.Manual,
            Route.Import,
            Route.Export,
            Route.Approval(
                "x",
            ),
            Route.History, Route.Gateways, Route.Gateway("x"), Route.Enrol, Route.Answer,
            Route.Move("x"), Route.Burn(account), Route.Burn(null), Route.Batches, Route.Batch(1uL), Route.Ledger,
            Route.Bells, Route.Help, Route.About, Route.Settings(null),
        ) + SettingsTab.entries.map { Route.Settings(it) }
        val kinds = Route::class.java.declaredClasses.count { Route::class.java.isAssignableFrom(it) }
        check(places.map { it::class }.toSet().size == kinds) { "a place is missing here" }
        for (place in places) {
            screen.get().go(Go.To(place))
            assertFalse("$place", screen.get().shows(Say.phoneUnavailable))
        }
    }
}
