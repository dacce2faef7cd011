package org.countersign.app.port

import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.os.Build
import android.security.keystore.KeyProperties
import java.security.Signature
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.Guard
import org.countersign.bindings.PortFault
import org.countersign.bindings.Prompt
import org.countersign.bindings.Purpose
import org.countersign.bindings.ShellException
import org.countersign.bindings.UserVerification
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.Maker
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

private val INPUT = "what is signed".toByteArray()
private val CHALLENGE = ByteArray(32) { it.toByte() }
private val PROMPT = Prompt("Payroll", "gate.example.com", "mara@example.com")

/** Keys as the platform makes them, as far as a keystore in memory shows it. */
@RunWith(RobolectricTestRunner::class)
class KeysTest {
    private val asked = mutableListOf<Question>()
    private var answer: PortFault? = null
    private val keys = Keys { question: Question, _: CryptoObject, _: CancelHandle ->
        asked += question
        answer?.let { throw ShellException.Port(it) }
    }

    @Before
    fun begin() = FakeKeyStore.install()

    @Test
    fun anApprovalKeyAsksForThePersonEachTimeAndLivesInAChipOfItsOwn() {
        assertEquals(65, make(Purpose.Approve(UserVerification.ANY), "a").size)
        val spec = FakeKeyStore.entries.getValue("approve.any.a").spec
        assertTrue(spec.isUserAuthenticationRequired && spec.isStrongBoxBacked)
        val lasts = if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) -1 else 0
        assertEquals(lasts, spec.userAuthenticationValidityDurationSeconds)
        assertTrue(verifies("approve.any.a", keys.signApproval("a", PROMPT, INPUT, CancelHandle())))
        val about = Say.phoneUnlockPromptApproveAbout(plain("mara@example.com"), plain("gate.example.com"))
        val question = Question(Say.phoneUnlockPromptApprove(plain("Payroll")), about, mayUseScreenLock = true)
        assertEquals(listOf(question), asked)
        keys.signApproval("a", PROMPT.copy(account = ""), INPUT, CancelHandle())
        assertEquals(Say.phoneScanEnrolTitle to plain("gate.example.com"), asked.last().run { title to subtitle })
    }

    @Test
    fun aKeyForBiometricsAloneKnowsNoScreenLockAndEndsWithNewFingers() {
        make(Purpose.Approve(UserVerification.BIO), "a")
        val spec = FakeKeyStore.entries.getValue("approve.bio.a").spec
        assertTrue(spec.isInvalidatedByBiometricEnrollment)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG, spec.userAuthenticationType)
        }
        keys.signApproval("a", PROMPT, INPUT, CancelHandle())
        assertFalse(asked.single().mayUseScreenLock)
    }

    @Test
    fun aProofIsSignedWithoutAPromptAndOneKeyNeverServesBoth() {
        make(Purpose.Prove, "p")
        assertFalse(FakeKeyStore.entries.getValue("prove.p").spec.isUserAuthenticationRequired)
        assertTrue(verifies("prove.p", keys.signProof("p", INPUT)))
        assertTrue(asked.isEmpty())
        assertFault(PortFault.KEY_GONE) { keys.signApproval("p", PROMPT, INPUT, CancelHandle()) }
        make(Purpose.Approve(UserVerification.ANY), "p")
        assertFault(PortFault.KEY_GONE) { keys.signProof("p", INPUT) }
        assertEquals(listOf("p"), keys.list())
    }

    @Test
    fun withoutAChipOfItsOwnTheTrustedEnvironmentKeepsIt() {
        FakeKeyStore.hasStrongBox = false
        make(Purpose.Prove, "p")
        assertFalse(FakeKeyStore.entries.getValue("prove.p").spec.isStrongBoxBacked)
    }

    @Test
    fun withoutAScreenLockNoKeyAsksForThePerson() {
        FakeKeyStore.hasScreenLock = false
        assertFault(PortFault.UNAVAILABLE) { make(Purpose.Approve(UserVerification.ANY), "a") }
        assertFault(PortFault.UNAVAILABLE) { keys.wrap(Guard.USER, INPUT, CancelHandle()) }
        make(Purpose.Prove, "p")
    }

    @Test
    fun aSmallSecretIsOpenedUnderItsOwnGuardAlone() {
        val sealed = keys.wrap(Guard.USER, INPUT, CancelHandle())
        assertArrayEquals(INPUT, keys.unwrap(Guard.USER, sealed, CancelHandle()))
        assertEquals(2, asked.size)
        keys.wrap(Guard.DEVICE, INPUT, CancelHandle())
        assertFault(PortFault.FAILED) { keys.unwrap(Guard.DEVICE, sealed, CancelHandle()) }
        assertFault(PortFault.FAILED) { keys.unwrap(Guard.USER, byteArrayOf(1), CancelHandle()) }
        assertEquals("a guard is no signing key", emptyList<String>(), keys.list())
    }

    @Test
    fun whatThePersonOrTheCallerStoppedSignsNothing() {
        make(Purpose.Approve(UserVerification.ANY), "a")
        answer = PortFault.USER_REFUSED
        assertFault(PortFault.USER_REFUSED) { keys.signApproval("a", PROMPT, INPUT, CancelHandle()) }
        val cancelled = CancelHandle().apply { cancel() }
        assertFault(PortFault.CANCELLED) { keys.signApproval("a", PROMPT, INPUT, cancelled) }
        assertEquals(1, asked.size)
    }

    @Test
    fun aKeyThatThePhoneGaveUpIsGoneAndItsGuardIsMadeAnew() {
        make(Purpose.Approve(UserVerification.ANY), "a")
        make(Purpose.Prove, "p")
        val sealed = keys.wrap(Guard.USER, INPUT, CancelHandle())
        FakeKeyStore.giveUp()
        assertFault(PortFault.KEY_GONE) { keys.signApproval("a", PROMPT, INPUT, CancelHandle()) }
        assertFault(PortFault.KEY_GONE) { keys.unwrap(Guard.USER, sealed, CancelHandle()) }
        assertTrue("what asks for nobody stays", verifies("prove.p", keys.signProof("p", INPUT)))
        val anew = keys.wrap(Guard.USER, INPUT, CancelHandle())
        assertArrayEquals(INPUT, keys.unwrap(Guard.USER, anew, CancelHandle()))
        assertFault(PortFault.FAILED) { keys.unwrap(Guard.USER, sealed, CancelHandle()) }
    }

    @Test
    fun theHardwareWritesOfAKeyForItsChallengeWhereThatIsAsked() {
        FakeKeyStore.maker = Maker()
        val made = attested(Purpose.Approve(UserVerification.ANY), "a")
        val entry = FakeKeyStore.entries.getValue("approve.any.a")
        assertArrayEquals(CHALLENGE, entry.spec.attestationChallenge)
        assertTrue(entry.spec.isUserAuthenticationRequired && entry.spec.isStrongBoxBacked)
        assertEquals(2, made.chain.size)
        assertArrayEquals(entry.chain?.first()?.encoded, made.chain.first())
        assertArrayEquals(sec1(checkNotNull(entry.pair)), made.key)
        assertTrue(verifies("approve.any.a", keys.signApproval("a", PROMPT, INPUT, CancelHandle())))

        make(Purpose.Prove, "p")
        assertNull("unasked, nothing is written", FakeKeyStore.entries.getValue("prove.p").spec.attestationChallenge)
    }

    @Test
    fun aPhoneWhoseHardwareWritesNothingMakesItsKeyAllTheSame() {
        assertTrue(attested(Purpose.Prove, "p").chain.isEmpty())
        val spec = FakeKeyStore.entries.getValue("prove.p").spec
        assertTrue(spec.isStrongBoxBacked && spec.attestationChallenge == null)
        assertTrue(verifies("prove.p", keys.signProof("p", INPUT)))
        FakeKeyStore.hasScreenLock = false
        assertFault(PortFault.UNAVAILABLE) { attested(Purpose.Approve(UserVerification.ANY), "a") }
    }

    @Test
    fun withoutAChipOfItsOwnTheTrustedEnvironmentWritesOfTheKey() {
        FakeKeyStore.maker = Maker()
        FakeKeyStore.hasStrongBox = false
        assertEquals(2, attested(Purpose.Prove, "p").chain.size)
    }

    @Test
    fun aKeyIsDeletedOnceAndAgain() {
        make(Purpose.Prove, "p")
        keys.delete("p")
        keys.delete("p")
        assertFault(PortFault.KEY_GONE) { keys.signProof("p", INPUT) }
    }

    private fun attested(purpose: Purpose, name: String) =
        keys.generateAttested(purpose, name, CHALLENGE, CancelHandle())

    private fun make(purpose: Purpose, name: String) = keys.generate(purpose, name, CancelHandle())

    private fun assertFault(fault: PortFault, call: () -> Unit) {
        val thrown = assertThrows(ShellException.Port::class.java) { call() }
        assertEquals(fault, thrown.fault)
    }

    private fun verifies(alias: String, signature: ByteArray): Boolean = Signature.getInstance("SHA256withECDSA").run {
        initVerify(FakeKeyStore.entries.getValue(alias).pair?.public)
        update(INPUT)
        verify(signature)
    }
}
