package org.countersign.app

import android.content.pm.PackageManager
import android.nfc.NfcAdapter
import android.nfc.Tag
import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AccountKind
import org.countersign.bindings.Algorithm
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.ClockPort
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.LinkException
import org.countersign.bindings.NewAccount
import org.countersign.bindings.TokenProof
import org.countersign.contract.EmulatedToken
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.await
import org.junit.Assert.assertEquals
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
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowIsoDep
import org.robolectric.shadows.ShadowNfcAdapter

private const val PASSPHRASE = "four words that stay"
private const val NOW = 1_700_000_000uL

/** Tokens in memory are burned in the app itself, through the reader of the phone. */
@RunWith(RobolectricTestRunner::class)
@Config(shadows = [TokenCard::class])
class TokenJourneyTest {
    private val app get() = RuntimeEnvironment.getApplication() as CountersignApp
    private val nfc get() = shadowOf(NfcAdapter.getDefaultAdapter(app))
    private var account = 0UL

    @Before
    fun begin() {
        FakeKeyStore.install()
        shadowOf(app.packageManager).setSystemFeature(PackageManager.FEATURE_NFC, true)
        nfc.setEnabled(true)
        app.clock = object : ClockPort {
            override fun now() = NOW
        }
        runBlocking {
            app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle())
            val seed = "12345678901234567890".toByteArray()
            val kind = AccountKind.Totp(period = 30u, start = 0u)
            account = app.core.addAccount(NewAccount("Example", "mara", "", kind, Algorithm.SHA1, 6u, seed, pin = null))
        }
    }

    @Test
    fun aDisplayIsPlannedWrittenAndCompared() = inside { screen ->
        val token = EmulatedToken.display(serial = "86596220000001", now = NOW)
        planned(screen, token)
        screen.sees(Say.tokenErasesWhole)
        screen.tap(Say.phoneBurnAgreeErase)
        screen.sees(Say.phoneBurnHold)
        hold(token)
        screen.sees(Say.phoneBurnMatches)
        assertFalse("nobody listens any more", nfc.isInReaderMode)
        val shown = token.shows().orEmpty()
        await("the code") { screen.get().shows("\u2066${shown.take(3)} ${shown.drop(3)}\u2069") }
        screen.tap(Say.phoneBurnMatches)
        screen.sees(Say.tokenProvenByPerson)
        assertEquals(TokenProof.BY_CODES, ledger().single().proof)
        screen.tap(Say.phoneDone)
        screen.get().go(Go.To(Route.Ledger))
        screen.sees(Say.tokenProofByCodes)
    }

    @Test
    fun aTokenThatIsLostAtAnyCommandIsHeldAgainAndGoneOnWith() {
        for (after in listOf(false, true)) {
            val lost = generateSequence(0u) { it + 1u }.takeWhile { burnedInSpiteOf(it, after) }.count()
            assertTrue("it was lost at each of several commands: $lost", lost >= LEAST_COMMANDS)
        }
    }

    /** Burns a token that leaves after so many commands of the writing; false where the writing had fewer. */
    private fun burnedInSpiteOf(lost: UInt, after: Boolean): Boolean {
        var wasLost = true
        inside { screen ->
            val token = EmulatedToken.securityKey(serial = (if (after) 2000u else 1000u) + lost, now = NOW)
            planned(screen, token)
            screen.agrees()
            token.lose(more = lost, after = after)
            hold(token)
            val ends = listOf(Say.phoneBurnHoldAgain, Say.phoneBurnMatches, Say.tokenProvenByLink)
            await("an end") { ends.any(screen.get()::shows) }
            when {
                screen.get().shows(Say.phoneBurnHoldAgain) -> {
                    assertTrue("it listens for the token", nfc.isInReaderMode)
                    token.comeBack()
                    hold(token)
                    screen.sees(Say.tokenProvenByLink)
                }

                // All was written, and the token left before it could be read back: there is no display to compare.
                screen.get().shows(Say.phoneBurnMatches) -> screen.tap(Say.phoneBurnNotNow)

                else -> wasLost = false
            }
        }
        return wasLost
    }

    /** A display cannot be read back: what was begun is written to its end, and its code is compared. */
    @Test
    fun aDisplayThatIsLostAtAnyCommandIsHeldAgainAndGoneOnWith() {
        for (after in listOf(false, true)) {
            val lost = generateSequence(0u) { it + 1u }.takeWhile { displayBurnedInSpiteOf(it, after) }.count()
            assertTrue("it was lost at each of several commands: $lost", lost >= LEAST_COMMANDS)
        }
    }

    /** As [burnedInSpiteOf], for a display. */
    private fun displayBurnedInSpiteOf(lost: UInt, after: Boolean): Boolean {
        var wasLost = false
        inside { screen ->
            val serial = "865962200" + (if (after) 2000u else 1000u).plus(lost).toString().padStart(5, '0')
            val token = EmulatedToken.display(serial = serial, now = NOW)
            planned(screen, token)
            screen.agrees()
            token.lose(more = lost, after = after)
            hold(token)
            await("an end") { listOf(Say.phoneBurnHoldAgain, Say.phoneBurnMatches).any(screen.get()::shows) }
            wasLost = screen.get().shows(Say.phoneBurnHoldAgain)
            if (wasLost) {
                token.comeBack()
                hold(token)
            }
            screen.sees(Say.phoneBurnMatches)
            val shown = token.shows().orEmpty()
            await("the code that it shows") { screen.get().shows("\u2066${shown.take(3)} ${shown.drop(3)}\u2069") }
            screen.tap(Say.phoneBurnMatches)
            screen.sees(Say.tokenProvenByPerson)
        }
        return wasLost
    }

    @Test
    fun aTokenThatIsLostBeforeItsPlanIsHeldAgain() {
        val kinds = listOf(
            { lost: UInt -> EmulatedToken.securityKey(serial = 3000u + lost, now = NOW) },
            { lost: UInt -> EmulatedToken.display(serial = "8659622000" + (4000u + lost), now = NOW) },
        )
        for (made in kinds) {
            val lost = generateSequence(0u) { it + 1u }.takeWhile { plannedInSpiteOf(made(it), it) }.count()
            assertTrue("it was lost at each of several commands: $lost", lost >= 1)
        }
    }

    /** Plans for a token that leaves after so many commands; false where there were fewer. */
    private fun plannedInSpiteOf(token: EmulatedToken, lost: UInt): Boolean {
        var wasLost = false
        inside { screen ->
            token.lose(more = lost, after = false)
            planned(screen, token)
            val plans = listOf(Say.phoneBurnAgree, Say.phoneBurnAgreeErase)
            await("a plan, or a word") { (plans + Say.phoneTokenLost).any(screen.get()::shows) }
            wasLost = screen.get().shows(Say.phoneTokenLost)
            if (wasLost) {
                assertTrue("it listens for the token", nfc.isInReaderMode)
                token.comeBack()
                hold(token)
                await("the plan") { plans.any(screen.get()::shows) }
            }
        }
        return wasLost
    }

    @Test
    fun aBurnThatTheAppDiedInIsTakenUp() = inside { screen ->
        val token = EmulatedToken.securityKey(serial = 4242u, now = NOW)
        planned(screen, token)
        screen.agrees()
        token.lose(more = 2u, after = true)
        hold(token)
        screen.sees(Say.phoneBurnHoldAgain)
        val clock = app.clock
        val next = screen.diesAndComesBack(clock)
        next.sees(Say.phoneUnlockLocked)
        next.type(0, PASSPHRASE)
        next.tap(Say.phoneUnlockUnlock)
        next.sees(Say.phoneBurnTakeUp)
        assertTrue("it listens for the token", nfc.isInReaderMode)
        hold(EmulatedToken.securityKey(serial = 4243u, now = NOW))
        next.sees(Say.phoneBurnOther)
        token.comeBack()
        hold(token)
        next.sees(Say.tokenProvenByLink)
        assertEquals(TokenProof.BY_WIRE, ledger().single().proof)
        next.close()
    }

    private fun ActivityController<MainActivity>.agrees() {
        await("the plan") { get().shows(Say.phoneBurnAgree) || get().shows(Say.phoneBurnAgreeErase) }
        tap(if (get().shows(Say.phoneBurnAgree)) Say.phoneBurnAgree else Say.phoneBurnAgreeErase)
        sees(Say.phoneBurnHold)
    }

    @Test
    fun whoGoesElsewhereIsNotListenedFor() = inside { screen ->
        screen.get().go(Go.To(Route.Burn(account)))
        screen.sees(Say.phoneBurnPassphrase)
        assertFalse("not before a token is wanted", nfc.isInReaderMode)
        screen.type(0, PASSPHRASE)
        screen.tap(Say.phoneNextStep)
        screen.sees(Say.phoneBurnHold)
        assertTrue(nfc.isInReaderMode)
        screen.get().go(Go.Back)
        assertFalse(nfc.isInReaderMode)
    }

    private fun planned(screen: ActivityController<MainActivity>, token: EmulatedToken) {
        screen.get().go(Go.To(Route.Burn(account)))
        screen.sees(Say.phoneBurnPassphrase)
        screen.type(0, PASSPHRASE)
        screen.tap(Say.phoneNextStep)
        screen.sees(Say.phoneBurnHold)
        await("the reader") { nfc.isInReaderMode }
        hold(token)
    }

    /** The system finds a token at the back of the phone. */
    private fun hold(token: EmulatedToken) {
        TokenCard.there = token
        nfc.dispatchTagDiscovered(ShadowNfcAdapter.createMockTag())
    }

    private fun ledger() = runBlocking { app.core.ledger(null) }

    private fun inside(act: (ActivityController<MainActivity>) -> Unit) =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            await("the list") { screen.get().hasDrawn }
            act(screen)
        }

    private companion object {
        const val LEAST_COMMANDS = 4
    }
}

/** What the framework gives of a token: a token in memory. */
@Implements(IsoDep::class)
class TokenCard : ShadowIsoDep() {
    @Implementation
    override fun transceive(command: ByteArray): ByteArray = try {
        there.transmit(command)
    } catch (_: LinkException.Lost) {
        throw TagLostException()
    }

    companion object {
        lateinit var there: EmulatedToken

        @JvmStatic
        @Implementation
        @Suppress("UnusedParameter") // The framework's signature.
        fun get(tag: Tag): IsoDep = Shadow.newInstanceOf(IsoDep::class.java)
    }
}
