package org.countersign.contract

import kotlinx.coroutines.runBlocking
import org.countersign.bindings.Algorithm
import org.countersign.bindings.BurnEnding
import org.countersign.bindings.BurnFault
import org.countersign.bindings.BurnPlan
import org.countersign.bindings.BurnProgress
import org.countersign.bindings.BurnSettings
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.Countersign
import org.countersign.bindings.CountersignException
import org.countersign.bindings.Erases
import org.countersign.bindings.FileKey
import org.countersign.bindings.Judgement
import org.countersign.bindings.LedgerForm
import org.countersign.bindings.LinkFault
import org.countersign.bindings.Misfit
import org.countersign.bindings.PlanNote
import org.countersign.bindings.SeedFileKind
import org.countersign.bindings.TokenAt
import org.countersign.bindings.TokenFamily
import org.countersign.bindings.TokenFault
import org.countersign.bindings.TokenKey
import org.countersign.bindings.TokenMoving
import org.countersign.bindings.TokenProof
import org.countersign.bindings.TokenSeed
import org.countersign.bindings.TokenSeen
import org.countersign.bindings.TokenSettings
import org.countersign.bindings.seedOfLink
import org.countersign.support.Folders
import org.countersign.support.PASSPHRASE
import org.countersign.support.StillClock
import org.countersign.support.account
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test

private const val NOW = 1_700_000_000uL
private const val LINK = "otpauth://totp/Example:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example"
private const val MODEL = "OTPC-P2-i"

/** One row for the next token, and one for the second. */
private const val BATCH = """serial,secret_hex
,3132333435363738393031323334353637383930
86596220000002,00112233445566778899aabbccddeeff00112233
"""

/** Tokens are burned over a link that is written here. */
class BurnTest {
    @get:Rule
    val folders = Folders()

    private val app: Countersign by lazy { folders.phone(clock = StillClock(NOW)) }
    private val cancel = CancelHandle()

    private fun at(token: EmulatedToken, key: TokenKey = TokenKey.Maker, likely: TokenFamily? = null) =
        TokenAt(TokenLink(token), key, likely)

    private fun plan(
        token: EmulatedToken,
        seed: TokenSeed = seedOfLink(LINK.toByteArray()),
        settings: BurnSettings = BurnSettings(replace = true),
    ): BurnPlan = runBlocking { app.planBurn(at(token), seed, settings, cancel) }

    @Test
    fun aSecurityKeyIsMetPlannedBurnedAndInTheLedger() = runBlocking {
        val token = EmulatedToken.securityKey(serial = 4711u, now = NOW)
        val seen = app.meetToken(TokenLink(token), null, cancel) as TokenSeen.Writable
        assertEquals(TokenFamily.YUBI_KEY, seen.identity.token.family)
        assertTrue(seen.capabilities.readsCodes)
        val plan = plan(token)
        assertEquals(Erases.Nothing, plan.row().erases)
        assertEquals("Example:mara", plan.row().label)
        assertEquals(BurnEnding.ProvenByLink, app.burn(at(token), plan, null, cancel))
        assertEquals(BurnProgress.Ended(BurnEnding.ProvenByLink), app.burns().single().progress)
        val row = app.ledger(null).single()
        assertEquals(listOf("mara", TokenProof.BY_WIRE), listOf(row.name, row.proof))
        assertEquals(1uL, app.tokenRoom(at(token), cancel)?.taken)
        val table = app.writeLedger(null, LedgerForm.Table(seeds = true)).bytes.decodeToString()
        assertTrue(table.contains("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
        val inventory = app.writeLedger(null, LedgerForm.Table(seeds = false)).bytes.decodeToString()
        assertFalse(inventory.contains("GEZDGNBV"))
    }

    @Test
    fun aDisplayIsProvenByThePersonWhoReadsIt() = runBlocking {
        val token = EmulatedToken.display(serial = "86596220000001", now = NOW)
        val plan = plan(token)
        assertEquals(MODEL, plan.row().identity.model)
        assertEquals(Erases.Whole, plan.row().erases)
        assertTrue(plan.row().notes.contains(PlanNote.SwitchOff))
        assertEquals(BurnEnding.Written(null), app.burn(at(token), plan, null, cancel))
        val name = plan.row().identity.token
        assertEquals(token.shows(), app.tokenCodes(name)?.now)
        assertNull("a slip of the hand", app.concludeBurn(name, "12345").judgement)
        val done = app.concludeBurn(name, token.shows())
        assertEquals(listOf(Judgement.Match, BurnEnding.ProvenByPerson), listOf(done.judgement, done.ending))
        assertEquals(TokenProof.BY_CODES, app.ledger(null).single().proof)
    }

    @Test
    fun aTokenThatIsLostAtAnyCommandIsTakenUpAgain() {
        for ((after, serials) in listOf(false to 100u, true to 200u)) {
            val commands = generateSequence(0u) { it + 1u }
            val lost = commands.takeWhile { burnedInSpiteOf(serials + it, lost = it, after) }.count()
            assertTrue("it was lost at each of several commands: $lost", lost > 4)
        }
    }

    /** Burns a token that is lost after so many commands, and takes it up; false where the burn had fewer. */
    private fun burnedInSpiteOf(serial: UInt, lost: UInt, after: Boolean): Boolean = runBlocking {
        val token = EmulatedToken.securityKey(serial, NOW)
        val plan = plan(token)
        token.lose(more = lost, after = after)
        val outcome = runCatching { app.burn(at(token), plan, null, cancel) }
        if (outcome.getOrNull() == BurnEnding.ProvenByLink) return@runBlocking false
        // Either it was lost while it was written, or all was and it could not be read back.
        val fault = outcome.fold({ (it as BurnEnding.Written).fault }, ::tokenFault)
        assertEquals("lost at $lost", TokenFault.Link(LinkFault.LOST), fault)
        token.comeBack()
        val anew = app.resumeBurn(at(token), cancel) ?: app.burn(at(token), plan, null, cancel)
        assertEquals("lost at $lost, after it: $after", BurnEnding.ProvenByLink, anew)
        true
    }

    private fun tokenFault(thrown: Throwable): TokenFault? = when (thrown) {
        is CountersignException.Token -> thrown.fault
        is CountersignException.Burn -> (thrown.fault as? BurnFault.Stopped)?.fault
        else -> throw thrown
    }

    @Test
    fun whatATokenCannotHoldIsSaidBeforeAnythingIsSent() {
        val token = EmulatedToken.display(serial = "86596220000001", now = NOW)
        val seed = seedOfLink("$LINK&digits=8&period=45".toByteArray())
        val error = assertThrows(CountersignException.Burn::class.java) { plan(token, seed) }
        val misfits = (error.fault as BurnFault.Misfits).misfits
        assertEquals(listOf(Misfit.Period(45u), Misfit.Digits(8u)), misfits)
    }

    @Test
    fun anEntryGoesOnlyWhereThePersonAgreed() = runBlocking {
        val token = EmulatedToken.securityKey(serial = 4711u, now = NOW)
        val agreed = plan(token)
        assertEquals(BurnEnding.ProvenByLink, app.burn(at(token), agreed, null, cancel))
        val taken = assertThrows(CountersignException.Burn::class.java) { plan(token, settings = BurnSettings()) }
        assertEquals(BurnFault.Taken(Erases.Entry("Example:mara")), taken.fault)
        // The plan was shown when the place was free: what is there by now was agreed to by nobody.
        val changed = assertThrows(CountersignException.Burn::class.java) {
            runBlocking { app.burn(at(token), agreed, null, cancel) }
        }
        assertEquals(BurnFault.Taken(Erases.Entry("Example:mara")), changed.fault)
        assertEquals(BurnEnding.ProvenByLink, app.burn(at(token), plan(token), null, cancel))
    }

    @Test
    fun anotherTokenThanThePlannedOneIsLeftAlone() = runBlocking {
        val other = EmulatedToken.securityKey(serial = 2u, now = NOW)
        val plan = plan(EmulatedToken.securityKey(serial = 1u, now = NOW))
        val error = assertThrows(CountersignException.Burn::class.java) {
            runBlocking { app.burn(at(other), plan, null, cancel) }
        }
        assertEquals(TokenFault.OtherToken, (error.fault as BurnFault.Stopped).fault)
        assertTrue(app.burns().isEmpty())
        assertEquals(0uL, app.tokenRoom(at(other), cancel)?.taken)
    }

    @Test
    fun aWrongKeyIsToldFromALostLink() {
        val token = EmulatedToken.display(serial = "86596220000001", now = NOW)
        val wrong = TokenKey.Own(ByteArray(16) { 7 })
        val error = assertThrows(CountersignException.Burn::class.java) {
            runBlocking { app.burn(at(token, wrong), plan(token), null, cancel) }
        }
        assertTrue("${error.fault}", (error.fault as BurnFault.Stopped).fault is TokenFault.WrongKey)
    }

    @Test
    fun aKeyThatIsKeptIsProvenByItsName() = runBlocking {
        val token = EmulatedToken.display(serial = "86596220000001", now = NOW)
        app.addTokenKey("ours", TokenFamily.SINGLE, ByteArray(16) { 7 })
        assertEquals(listOf("ours"), app.tokenKeys().map { it.name })
        val error = assertThrows(CountersignException.Burn::class.java) {
            runBlocking { app.burn(at(token, TokenKey.Kept("ours")), plan(token), null, cancel) }
        }
        assertTrue("${error.fault}", (error.fault as BurnFault.Stopped).fault is TokenFault.WrongKey)
        app.removeTokenKey("ours")
        val none = assertThrows(CountersignException.Input::class.java) {
            runBlocking { app.burn(at(token, TokenKey.Kept("ours")), plan(token), null, cancel) }
        }
        assertEquals(org.countersign.bindings.InputFault.NotFound, none.fault)
    }

    @Test
    fun anAccountsSeedGoesIntoATokenAndADrawnOneIsNewEachTime() = runBlocking {
        val id = app.addAccount(account("mara"))
        val fresh = app.prove(PASSPHRASE, cancel)
        val seed = app.seedOfAccount(id, fresh).named("Work", "mara")
        assertEquals(listOf("Work", "mara", 8u.toUByte()), seed.row().run { listOf(issuer, name, digits) })
        val token = EmulatedToken.securityKey(serial = 9u, now = NOW)
        assertEquals("Work:mara", plan(token, seed).row().label)
        assertEquals(BurnEnding.ProvenByLink, app.burn(at(token), plan(token, seed), null, cancel))
        val settings = TokenSettings(TokenMoving.Time(30u, 0u), Algorithm.SHA256, 6u)
        val drawn = app.drawSeed(settings).named("", "olga")
        assertEquals(BurnEnding.ProvenByLink, app.burn(at(token), plan(token, drawn), null, cancel))
    }

    @Test
    fun aBatchGoesTokenByTokenAndIsTakenUpAfterIt() = runBlocking {
        val rows = app.readSeedFile(BATCH.toByteArray(), SeedFileKind.TABLE, null, FileKey.Nothing)
        assertTrue("${rows.faults()}", rows.faults().isEmpty())
        val batch = app.keepBatch("desk", rows)
        for (serial in listOf("86596220000001", "86596220000002")) {
            val token = EmulatedToken.display(serial, NOW)
            val next = app.batchSeed(batch, serial)
            assertEquals(BurnEnding.Written(null), app.burn(at(token), plan(token, next.seed), next.from, cancel))
        }
        assertEquals(listOf("86596220000001", "86596220000002"), app.batch(batch).map { it.token })
        assertEquals(2uL, app.batches().single().done)
        assertEquals(2, app.ledger(batch).size)
        app.forgetBatch(batch)
        assertTrue(app.batches().isEmpty())
    }
}
