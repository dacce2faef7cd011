package org.countersign.logic.core

import org.countersign.bindings.BatchLine
import org.countersign.bindings.BurnEnding
import org.countersign.bindings.BurnPlan
import org.countersign.bindings.BurnRow
import org.countersign.bindings.BurnSettings
import org.countersign.bindings.Concluded
import org.countersign.bindings.Countersign
import org.countersign.bindings.LedgerRow
import org.countersign.bindings.PlanRow
import org.countersign.bindings.TokenAt
import org.countersign.bindings.TokenCodes
import org.countersign.bindings.TokenFamily
import org.countersign.bindings.TokenKeyRow
import org.countersign.bindings.TokenLinkPort
import org.countersign.bindings.TokenName
import org.countersign.bindings.TokenSeed
import org.countersign.bindings.TokenSeen
import org.countersign.bindings.cancelling
import org.countersign.logic.Secret

/** A plan with what is shown of it, and what the ledger says of its place and its seed. */
class Planned(val plan: BurnPlan, val row: PlanRow, val standing: LedgerRow?, val elsewhere: LedgerRow?)

/** What screens ask of the core about hardware tokens. Each call meets the token that is held there. */
interface TokenCalls {
    /** Finds out what lies there, by commands that change nothing. */
    suspend fun meet(link: TokenLinkPort, likely: TokenFamily?): TokenSeen

    /** The seed of an account: it leaves the vault, so the passphrase is typed for it. */
    suspend fun seedOf(account: ULong, passphrase: Secret): TokenSeed

    /** Says what a burn would write and take away. Nothing is written. */
    suspend fun plan(at: TokenAt, seed: TokenSeed, settings: BurnSettings): Planned

    suspend fun burn(at: TokenAt, plan: BurnPlan, from: BatchLine?): BurnEnding

    /** Takes up the burn of the token that lies there; none where the vault knows of none. */
    suspend fun resume(at: TokenAt): BurnEnding?

    suspend fun codes(token: TokenName): TokenCodes?

    /** Records the digits that the display shows, or that nobody compared. */
    suspend fun conclude(token: TokenName, shown: String?): Concluded

    suspend fun burns(): List<BurnRow>

    suspend fun keys(): List<TokenKeyRow>
}

internal class BoundTokens(private val app: Countersign) : TokenCalls {
    override suspend fun meet(link: TokenLinkPort, likely: TokenFamily?) =
        cancelling { app.meetToken(link, likely, it) }

    override suspend fun seedOf(account: ULong, passphrase: Secret): TokenSeed =
        cancelling { app.prove(passphrase.expose(), it) }.use { app.seedOfAccount(account, it) }

    override suspend fun plan(at: TokenAt, seed: TokenSeed, settings: BurnSettings): Planned {
        val plan = cancelling { app.planBurn(at, seed, settings, it) }
        return Planned(plan, plan.row(), app.standing(plan), app.elsewhere(plan))
    }

    override suspend fun burn(at: TokenAt, plan: BurnPlan, from: BatchLine?) =
        cancelling { app.burn(at, plan, from, it) }

    override suspend fun resume(at: TokenAt) = cancelling { app.resumeBurn(at, it) }

    override suspend fun codes(token: TokenName) = app.tokenCodes(token)

    override suspend fun conclude(token: TokenName, shown: String?) = app.concludeBurn(token, shown)

    override suspend fun burns() = app.burns()

    override suspend fun keys() = app.tokenKeys()
}
