package org.countersign.app.screen

import org.countersign.logic.bell.BellsState
import org.countersign.logic.bell.Distributor
import org.countersign.logic.bell.Missing
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** How the phone tells of sign-ins, and what keeps it from that, in every look. */
@RunWith(RobolectricTestRunner::class)
class BellScreensTest {
    @Test
    fun allIsWell() = bells("bells", WELL)

    @Test
    fun theyAreOff() = bells("bells-off", WELL.copy(isOn = false))

    @Test
    fun nothingIsEnrolled() = bells("bells-none", WELL.copy(isWanted = false, distributors = emptyList()))

    @Test
    fun severalCanDeliver() = bells("bells-several", WELL.copy(distributors = listOf(NTFY, OTHER)))

    @Test
    fun thePersonWasNotAsked() = missing("bells-not-asked", Missing.NotAsked)

    @Test
    fun thePersonSaidNo() = missing("bells-not-allowed", Missing.NotAllowed)

    @Test
    fun theChannelIsOff() = missing("bells-channel", Missing.ChannelOff)

    @Test
    fun nobodyDelivers() =
        bells("bells-nobody", WELL.copy(missing = listOf(Missing.NoDistributor), distributors = emptyList()))

    @Test
    fun theDistributorIsSilent() = missing("bells-silent", Missing.Silent("ntfy"))

    @Test
    fun theDistributorHasTrouble() =
        missing("bells-distributor", Missing.Waits("ntfy"), Missing.Fails("ntfy"), Missing.Refused("gate.example.com"))

    @Test
    fun thePhoneHoldsItBack() = missing("bells-held", Missing.Restricted, Missing.Saver)

    private fun missing(name: String, vararg missing: Missing) = bells(name, WELL.copy(missing = missing.toList()))

    private fun bells(name: String, state: BellsState) = everyLook(name, state) {
        BellsDrawing(it, onBack = {}, onEvent = {})
    }

    private companion object {
        val NTFY = Distributor("io.heckel.ntfy", "ntfy")
        val OTHER = Distributor("org.example.push", "Push of the Example Company")
        val WELL =
            BellsState(
                isOn = true,
                isWanted = true,
                missing = emptyList(),
                distributors = listOf(NTFY),
                chosen = NTFY.id,
            )
    }
}
