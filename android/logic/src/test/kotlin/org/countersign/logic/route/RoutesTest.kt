package org.countersign.logic.route

import org.countersign.bindings.LockState
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Test

class RoutesTest {
    private val all =
        listOf(
            Route.Accounts,
            Route.Account(7u),
            Route.EditAccount(ULong.MAX_VALUE),
            Route.Bin,
            Route.Scan,
            Route.Manual,
            Route.Import,
            Route.Export,
            Route.Approval("a-b_c"),
            Route.History,
            Route.Gateways,
            Route.Gateway("g"),
            Route.Enrol,
            Route.Answer,
            Route.Move("g"),
            Route.Burn(null),
            Route.Burn(3u),
            Route.Batches,
            Route.Batch(4u),
            Route.Ledger,
            Route.Settings(null),
            Route.Settings(SettingsTab.LOCK),
            Route.Help,
            Route.Damage,
            Route.About,
        )

    @Test
    fun aPlaceInPlaceOfAnotherStandsOnceAlone() {
        val routes = Routes(listOf(Route.Accounts, Route.Import, Route.Scan)).on(Go.Instead(Route.Import))
        assertEquals(listOf(Route.Accounts, Route.Import), routes.stack)
    }

    @Test
    fun aWaySurvivesTheDeathOfTheProcess() {
        assertEquals(Routes(all), Routes.read(Routes(all).save()))
    }

    @Test
    fun whatThisVersionDoesNotKnowIsLeftOut() {
        assertEquals(Routes(), Routes.read(listOf("teleport/3", "account/many", "bin/2", "")))
        assertEquals(Routes(listOf(Route.Accounts, Route.Help)), Routes.read(listOf("help")))
    }

    @Test
    fun backLeadsWhereThePersonCameFrom() {
        val there = Routes().on(Go.To(Route.Account(7u))).on(Go.To(Route.EditAccount(7u)))
        assertEquals(Route.Account(7u), there.on(Go.Back).top)
        assertEquals(Routes(), there.on(Go.Home))
        assertEquals(listOf(Route.Accounts, Route.Bin), there.on(Go.Back).on(Go.Instead(Route.Bin)).stack)
    }

    @Test
    fun theSamePlaceTwiceInARowIsOne() {
        val once = Routes().on(Go.To(Route.Scan))
        assertEquals(once, once.on(Go.To(Route.Scan)))
        assertFalse(Routes().on(Go.Back).canGoBack)
    }

    @Test
    fun aLockedVaultStopsNoApproval() {
        val asked = Routes().on(Go.To(Route.Approval("one")))
        assertEquals(Place.At(Route.Approval("one")), asked.place(LockState.LOCKED))
        assertEquals(Place.Unlock, asked.on(Go.Back).place(LockState.LOCKED))
        assertEquals(Place.At(Route.Accounts), asked.on(Go.Back).place(LockState.OPEN))
    }

    @Test
    fun theFirstRunGoesToItsEndThoughTheVaultIsOpen() {
        val first = Routes().on(LockState.NO_VAULT)
        assertEquals(Place.FirstRun, first.place(LockState.NO_VAULT))
        assertEquals(Place.FirstRun, first.on(LockState.OPEN).place(LockState.OPEN))
        // An approval in between does not end it.
        val aside = first.on(Go.To(Route.Approval("one")))
        assertEquals(Place.At(Route.Approval("one")), aside.place(LockState.OPEN))
        assertEquals(Place.At(Route.Scan), first.on(Go.To(Route.Scan)).place(LockState.OPEN))
    }
}
