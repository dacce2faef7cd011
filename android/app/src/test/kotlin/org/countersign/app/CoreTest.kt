package org.countersign.app

import kotlinx.coroutines.runBlocking
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.LockState
import org.countersign.testkit.FakeKeyStore
import org.junit.Assert.assertEquals
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

/** The core of this machine inside the app, on its own folders and the platform's keys. */
@RunWith(RobolectricTestRunner::class)
class CoreTest {
    @Before
    fun begin() = FakeKeyStore.install()

    @Test
    fun theVaultIsMadeInTheAppsOwnFolder() {
        val app = RuntimeEnvironment.getApplication() as CountersignApp
        assertEquals(LockState.NO_VAULT, app.core.lockState())
        runBlocking { app.core.createVault("words".toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
        assertEquals(LockState.OPEN, app.core.lockState())
        assertEquals(listOf("private", "shared"), app.filesDir.list()?.sorted())
    }
}
