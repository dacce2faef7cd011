package org.countersign.app

import android.os.Build
import org.countersign.app.shell.ScanTile
import org.countersign.testkit.FakeKeyStore
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assume.assumeTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowTileService

/** The tile among the quick settings. */
@RunWith(RobolectricTestRunner::class)
class TileTest {
    @Before
    fun begin() = FakeKeyStore.install()

    /** What a tap starts, on a phone that is locked or not. */
    private fun tapped(isLocked: Boolean): String? {
        val tile = Robolectric.setupService(ScanTile::class.java)
        Shadow.extract<ShadowTileService>(tile).setLocked(isLocked)
        tile.onClick()
        assertFalse("it opens on an unlocked phone", tile.isLocked)
        return shadowOf(app).nextStartedActivity?.run { "$action ${component?.className}" }
    }

    @Test
    fun itOpensTheScannerOfAnUnlockedPhone() {
        // Robolectric starts what a tile starts by an intent alone, as it was before Android 14.
        assumeTrue(Build.VERSION.SDK_INT < Build.VERSION_CODES.UPSIDE_DOWN_CAKE)
        val scans = "org.countersign.app.SCAN ${MainActivity::class.java.name}"
        assertEquals(listOf(scans, scans), listOf(false, true).map(::tapped))
    }
}
