package org.countersign.logic.route

import org.countersign.bindings.LockState

/** Where a person goes. */
sealed interface Go {
    /** A step further; the way back leads here. */
    data class To(val route: Route) : Go

    /** The same step to another place: what is here is done. */
    data class Instead(val route: Route) : Go

    data object Back : Go

    /** The list of accounts, with nothing behind it. */
    data object Home : Go
}

/** What is drawn: a place, or what stands before it until the vault is open. */
sealed interface Place {
    data object FirstRun : Place

    data object Unlock : Place

    data class At(val route: Route) : Place
}

/** The way that a person came, the last place at its end. Never empty. */
data class Routes(
    val stack: List<Route> = listOf(Route.Accounts),
    /** The first run goes to its end, though there is an open vault in the middle of it. */
    val isFirstRun: Boolean = false,
) {
    val top: Route get() = stack.last()

    /** Whether *back* stays in the app. */
    val canGoBack: Boolean get() = stack.size > 1

    fun on(go: Go): Routes = when (go) {
        // The same place twice in a row would be one *back* that does nothing.
        is Go.To -> if (go.route == top) through(stack) else through(stack + go.route)

        is Go.Instead -> {
            val before = stack.dropLast(1)
            through(if (before.lastOrNull() == go.route) before else before + go.route)
        }

        Go.Back -> if (canGoBack) through(stack.dropLast(1)) else this

        Go.Home -> through(listOf(Route.Accounts))
    }

    /** The vault is in this state now. */
    fun on(lock: LockState): Routes = if (lock == LockState.NO_VAULT) copy(isFirstRun = true) else this

    /** What is drawn while the vault is in this [lock]: approvals never wait for it. */
    fun place(lock: LockState): Place = when {
        !top.needsVault -> Place.At(top)
        isFirstRun || lock == LockState.NO_VAULT -> Place.FirstRun
        lock == LockState.LOCKED -> Place.Unlock
        else -> Place.At(top)
    }

    /** As it is kept over the death of the process. */
    fun save(): List<String> = stack.map(Route::save)

    /** Whoever goes where the vault is needed has ended the first run. */
    private fun through(stack: List<Route>) = Routes(stack, isFirstRun && !stack.last().needsVault)

    companion object {
        /** What [save] wrote. What this version does not know is left out. */
        fun read(saved: List<String>): Routes {
            val known = saved.mapNotNull(Route::read)
            return if (known.firstOrNull() == Route.Accounts) Routes(known) else Routes(listOf(Route.Accounts) + known)
        }
    }
}
