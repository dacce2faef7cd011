package org.countersign.app

import kotlinx.coroutines.runBlocking
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.Maker
import org.countersign.testkit.RealGateway
import org.junit.AfterClass
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.BeforeClass
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner

/** A real gateway that takes only phones of one maker, as their keys prove it. */
@RunWith(RobolectricTestRunner::class)
class GatewayAttestJourneyTest {
    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking { app.core.createVault("four words".toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
    }

    @Test
    fun aPhoneWhoseHardwareProvesItsKeysIsTaken(): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            FakeKeyStore.maker = maker
            screen.enrols(gateway, "mara")
            val made = FakeKeyStore.entries.filterKeys { !it.startsWith("guard.") }.values
            assertTrue(made.isNotEmpty())
            made.forEach { assertNotNull("each key is written of", it.spec.attestationChallenge) }
        }

    @Test
    fun aPhoneOfAnotherMakerIsRefusedInPlainWords() = isRefused("nina", Maker())

    @Test
    fun aPhoneThatCannotProveItsKeysIsRefusedInPlainWords() = isRefused("olga", null)

    private fun isRefused(name: String, phones: Maker?): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            FakeKeyStore.maker = phones
            val page = gateway.enrolPage(name)
            screen.get().go(Go.To(Route.Scan))
            screen.tap(Say.phoneScanPicture)
            screen.picked(png(page.qr()))
            screen.sees(Say.phoneScanEnrolAsk(plain("localhost:${page.port}")))
            screen.tap(Say.phoneScanEnrolYes)
            screen.prompted()
            screen.sees(Say.errorPolicyAttest)
        }

    companion object {
        private lateinit var maker: Maker
        private lateinit var gateway: RealGateway

        @BeforeClass
        @JvmStatic
        fun serve() {
            maker = Maker()
            gateway = RealGateway("--policy-attest", "need", "--attest-android-roots", maker.roots.path)
        }

        @AfterClass
        @JvmStatic
        fun end() = gateway.close()
    }
}
