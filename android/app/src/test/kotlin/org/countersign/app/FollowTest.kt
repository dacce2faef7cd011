package org.countersign.app

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.awaitCancellation
import org.countersign.app.port.phone
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.GatewayState
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.Topic
import org.countersign.logic.core.BoundGateways
import org.countersign.logic.core.GatewayCalls
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.await
import org.junit.Assert.assertEquals
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.android.controller.ActivityController

/** Gateways are asked while the app is in front, and not longer. */
@RunWith(RobolectricTestRunner::class)
class FollowTest {
    private val app get() = RuntimeEnvironment.getApplication() as CountersignApp
    private lateinit var gateways: Waiting

    @Before
    fun begin() {
        FakeKeyStore.install()
        app.gatewaysOf = { core -> Waiting(BoundGateways(core, phone("1.0"))).also { gateways = it } }
    }

    @Test
    fun gatewaysAreAskedWhileItIsInFront() = opened { screen ->
        await("the first poll") { gateways.begun == listOf("one") }
        screen.pause().stop()
        await("its end") { gateways.ended == listOf("one") }
        app.changes.changed(Topic.GATEWAYS)
        screen.restart().start().resume()
        await("the next poll") { gateways.begun == listOf("one", "one") }
    }

    @Test
    fun aNewOneIsAskedAtOnce() = opened {
        await("the first poll") { gateways.begun == listOf("one") }
        gateways.there = listOf("one", "two")
        app.changes.changed(Topic.APPROVALS)
        app.changes.changed(Topic.GATEWAYS)
        await("a poll of the other") { gateways.begun == listOf("one", "two") }
        assertEquals(emptyList<String>(), gateways.ended)
    }

    private fun opened(drive: (ActivityController<MainActivity>) -> Unit) =
        Robolectric.buildActivity(MainActivity::class.java).setup().use { screen ->
            await("the window") { screen.get().hasDrawn }
            drive(screen)
        }
}

/** Gateways that have nothing to tell, and hold each poll. */
private class Waiting(core: GatewayCalls) : GatewayCalls by core {
    var there = listOf("one")
    val begun = mutableListOf<String>()
    val ended = mutableListOf<String>()

    override fun gateways() = there.map {
        GatewayRow(it, "Example", "gate.example.com", "mara", GatewayState.Active, 0UL, 0L, null, false)
    }

    override suspend fun poll(gateway: String, waitS: ULong): PollOutcome {
        begun += gateway
        try {
            awaitCancellation()
        } catch (stop: CancellationException) {
            ended += gateway
            throw stop
        }
    }
}
