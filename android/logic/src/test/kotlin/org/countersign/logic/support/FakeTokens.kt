package org.countersign.logic.support

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.Algorithm
import org.countersign.bindings.BatchLine
import org.countersign.bindings.BurnEnding
import org.countersign.bindings.BurnPlan
import org.countersign.bindings.BurnRow
import org.countersign.bindings.BurnSettings
import org.countersign.bindings.Concluded
import org.countersign.bindings.CountersignException
import org.countersign.bindings.Erases
import org.countersign.bindings.InputFault
import org.countersign.bindings.LedgerRow
import org.countersign.bindings.NoHandle
import org.countersign.bindings.PlanNote
import org.countersign.bindings.PlanRow
import org.countersign.bindings.TokenAt
import org.countersign.bindings.TokenCapabilities
import org.countersign.bindings.TokenCodes
import org.countersign.bindings.TokenFamily
import org.countersign.bindings.TokenIdentity
import org.countersign.bindings.TokenKeyRow
import org.countersign.bindings.TokenLabel
import org.countersign.bindings.TokenLinkPort
import org.countersign.bindings.TokenMoving
import org.countersign.bindings.TokenName
import org.countersign.bindings.TokenPeriods
import org.countersign.bindings.TokenProof
import org.countersign.bindings.TokenSeed
import org.countersign.bindings.TokenSeen
import org.countersign.logic.Secret
import org.countersign.logic.core.Planned
import org.countersign.logic.core.TokenCalls

val TOKEN = TokenName(TokenFamily.SINGLE, "8655000000001")

fun identity(model: String? = "miniOTP-2-i") = TokenIdentity(TOKEN, "Token2", model, null, null, false, false)

fun plan(
    erases: Erases = Erases.Whole,
    notes: List<PlanNote> = emptyList(),
    model: String? = "miniOTP-2-i",
    standing: LedgerRow? = null,
    elsewhere: LedgerRow? = null,
) = Planned(
    BurnPlan(NoHandle),
    PlanRow(identity(model), null, erases, "", "Example", "mara", notes),
    standing,
    elsewhere,
)

fun ledgerRow(id: ULong? = 1u, proof: TokenProof = TokenProof.BY_CODES, issuer: String = "Example") = LedgerRow(
    id = id,
    token = TOKEN,
    profile = 0u,
    manufacturer = "Token2",
    model = "miniOTP-2-i",
    issuer = issuer,
    name = "",
    moving = TokenMoving.Time(30u, 0u),
    algorithm = Algorithm.SHA1,
    digits = 6u,
    writtenAt = NOW,
    proof = proof,
    ahead = null,
    batch = null,
)

/** A link that nobody sends by. */
object NoLink : TokenLinkPort {
    override fun transmit(command: ByteArray) = error("a fake core sends nothing")
}

/** A token that does what a test says. */
class FakeTokens : TokenCalls {
    val met = mutableListOf<TokenAt>()
    val concluded = mutableListOf<String?>()
    val from = mutableListOf<BatchLine?>()
    var planned = plan()
    var rows = emptyList<BurnRow>()
    var kept = emptyList<TokenKeyRow>()
    var codes: TokenCodes? = TokenCodes("000111", "492039", "118402", 12u)
    var fails: CountersignException? = null
    var resumes: BurnEnding? = null

    /** What going on with one waits for; none for at once. */
    var waits: CompletableDeferred<Unit>? = null
    var ends: BurnEnding = BurnEnding.Failed

    /** How the writing ends; a test may let it wait. */
    var writes: suspend () -> BurnEnding = { BurnEnding.ProvenByLink }

    private fun at(at: TokenAt) {
        met += at
        fails?.let { throw it }
    }

    override suspend fun meet(link: TokenLinkPort, likely: TokenFamily?): TokenSeen =
        TokenSeen.Writable(identity(), CAPABILITIES)

    override suspend fun seedOf(account: ULong, passphrase: Secret): TokenSeed {
        if (!passphrase.isSameAs(secret("right"))) throw CountersignException.Input(InputFault.WrongPassphrase)
        return TokenSeed(NoHandle)
    }

    override suspend fun plan(at: TokenAt, seed: TokenSeed, settings: BurnSettings): Planned {
        at(at)
        return planned
    }

    override suspend fun burn(at: TokenAt, plan: BurnPlan, from: BatchLine?): BurnEnding {
        at(at)
        this.from += from
        return writes()
    }

    override suspend fun resume(at: TokenAt): BurnEnding? {
        at(at)
        waits?.await()
        return resumes
    }

    override suspend fun codes(token: TokenName) = codes

    override suspend fun conclude(token: TokenName, shown: String?): Concluded {
        fails?.let { throw it }
        concluded += shown
        return Concluded(ends, null)
    }

    override suspend fun burns() = rows

    override suspend fun keys() = kept

    private companion object {
        val CAPABILITIES =
            TokenCapabilities(
                null,
                emptyList(),
                ByteArray(0),
                TokenPeriods.UpTo(60u),
                1u,
                63u,
                false,
                false,
                TokenLabel.NOTHING,
                false,
                false,
                true,
            )
    }
}
