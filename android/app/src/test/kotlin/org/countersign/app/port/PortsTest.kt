package org.countersign.app.port

import android.app.Activity
import android.content.ClipData
import android.content.ClipDescription
import android.content.ClipboardManager
import android.content.pm.PackageManager
import android.nfc.NfcAdapter
import android.nfc.Tag
import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import android.os.Looper
import android.util.Size
import java.io.IOException
import java.nio.ByteBuffer
import java.util.concurrent.TimeUnit
import org.countersign.bindings.LinkException
import org.countersign.bindings.Rotation
import org.junit.Assert.assertArrayEquals
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
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowClipboardManager
import org.robolectric.shadows.ShadowIsoDep
import org.robolectric.shadows.ShadowNfcAdapter

@RunWith(RobolectricTestRunner::class)
class PortsTest {
    private val context = RuntimeEnvironment.getApplication()
    private val clips = context.getSystemService(ClipboardManager::class.java)

    @Test
    fun aCodeIsMarkedAndTakenAwayAgain() {
        Clipboard(context).copyCode("492039", clearAfterS = 30)
        assertEquals("492039", clips.primaryClip?.getItemAt(0)?.text)
        assertTrue(clips.primaryClipDescription!!.extras.getBoolean("android.content.extra.IS_SENSITIVE"))
        shadowOf(Looper.getMainLooper()).idleFor(29, TimeUnit.SECONDS)
        assertTrue(clips.hasPrimaryClip())
        shadowOf(Looper.getMainLooper()).idleFor(2, TimeUnit.SECONDS)
        assertFalse(clips.hasPrimaryClip())
    }

    @Test
    fun whatSomebodyElseCopiedMeanwhileStays() {
        Clipboard(context).copyCode("492039", clearAfterS = 30)
        clips.setPrimaryClip(ClipData.newPlainText("theirs", "theirs"))
        shadowOf(Looper.getMainLooper()).idleFor(31, TimeUnit.SECONDS)
        assertEquals("theirs", clips.primaryClip?.getItemAt(0)?.text)
    }

    @Test
    @Config(shadows = [FocusedClips::class])
    fun aCodeIsTakenAwayAlsoWhereThisAppMayNotLook() {
        FocusedClips.isFocused = true
        Clipboard(context).copyCode("492039", clearAfterS = 30)
        assertTrue(clips.hasPrimaryClip())
        FocusedClips.isFocused = false
        assertEquals("nothing is seen from behind", null, clips.primaryClipDescription)
        shadowOf(Looper.getMainLooper()).idleFor(31, TimeUnit.SECONDS)
        FocusedClips.isFocused = true
        assertFalse(clips.hasPrimaryClip())
    }

    @Test
    fun aCodeOfAProcessThatDiedIsTakenAwayWhenItsAppComesBack() {
        val before = Clipboard(context)
        before.copyCode("492039", clearAfterS = 30)
        before.sweep()
        assertTrue("it may be pasted yet", clips.hasPrimaryClip())
        val next = Clipboard(context)
        next.sweep()
        assertFalse(clips.hasPrimaryClip())
        clips.setPrimaryClip(ClipData.newPlainText("theirs", "theirs"))
        next.sweep()
        assertTrue("what somebody else copied stays", clips.hasPrimaryClip())
    }

    @Test
    fun theReaderListensWhileItIsAsked() {
        shadowOf(context.packageManager).setSystemFeature(PackageManager.FEATURE_NFC, true)
        Robolectric.buildActivity(Activity::class.java).setup().use { screen ->
            val adapter = NfcAdapter.getDefaultAdapter(context)
            val reader = NfcReader(screen.get())
            shadowOf(adapter).setEnabled(false)
            assertEquals(ReaderState.OFF, reader.state)
            shadowOf(adapter).setEnabled(true)
            assertEquals(ReaderState.ON, reader.state)
            reader.listen { }
            assertTrue(shadowOf(adapter).isInReaderMode)
            reader.rest()
            assertFalse(shadowOf(adapter).isInReaderMode)
        }
    }

    @Test
    fun aPhoneWithoutAReaderSaysSo() {
        Robolectric.buildActivity(Activity::class.java).setup().use { screen ->
            val reader = NfcReader(screen.get())
            assertEquals(ReaderState.MISSING, reader.state)
            reader.listen { }
            reader.rest()
        }
    }

    @Test
    @Config(shadows = [Card::class])
    fun aTokenIsGivenTheTimeThatTheSlowestFamilyTakes() {
        Card.answers = { it.reversedArray() }
        val link = NfcLink.open(ShadowNfcAdapter.createMockTag())!!
        assertEquals(3_000, Card.givenMs)
        assertArrayEquals(byteArrayOf(2, 1), link.transmit(byteArrayOf(1, 2)))
    }

    @Test
    @Config(shadows = [Card::class])
    fun whyATokenDoesNotAnswerIsTold() {
        val link = NfcLink.open(ShadowNfcAdapter.createMockTag())!!
        val heard = { fault: Exception ->
            Card.answers = { throw fault }
            runCatching { link.transmit(byteArrayOf(0)) }.exceptionOrNull()!!::class
        }
        assertEquals("it left", LinkException.Lost::class, heard(TagLostException()))
        assertEquals("of an earlier touch", LinkException.Lost::class, heard(SecurityException()))
        assertEquals("it is there, and silent", LinkException.Late::class, heard(IOException()))
        Card.isThere = false
        assertEquals(LinkException.Lost::class, heard(IOException()))
        assertEquals("it left at once", null, NfcLink.open(ShadowNfcAdapter.createMockTag()))
    }

    @Test
    @Config(shadows = [Card::class])
    fun whatIsNoCardIsNotTaken() {
        Card.isCard = false
        assertEquals(null, NfcLink.open(ShadowNfcAdapter.createMockTag()))
    }

    @Before
    fun begin() {
        Card.isThere = true
        Card.isCard = true
    }

    @Test
    fun theGreyPlaneKeepsItsStrideAndALastRowThatIsShort() {
        val plane = ByteBuffer.wrap(byteArrayOf(1, 2, 0, 3, 4))
        val frame = frame(plane, width = 2, height = 2, stride = 3, rotation = Rotation.QUARTER)
        assertArrayEquals(byteArrayOf(1, 2, 0, 3, 4, 0), frame.pixels)
        assertEquals(listOf(2u, 2u, 3u), listOf(frame.width, frame.height, frame.stride))
    }

    @Test
    fun aPictureIsTurnedByTheSensorAndTheDisplay() {
        assertEquals(Rotation.QUARTER, rotation(sensor = 90, display = 0))
        assertEquals(Rotation.UPRIGHT, rotation(sensor = 90, display = 90))
        assertEquals(Rotation.HALF, rotation(sensor = 270, display = 90))
        assertEquals(Rotation.THREE_QUARTERS, rotation(sensor = 0, display = 90))
    }

    @Test
    fun thePictureTakenIsNearToWhatIsWanted() {
        val sizes = arrayOf(Size(4000, 3000), Size(1280, 720), Size(1280, 960), Size(320, 240))
        assertEquals(Size(1280, 960), best(sizes))
        assertEquals(null, best(null))
    }
}

/** What the framework gives of a token that does as a test says. */
@Implements(IsoDep::class)
class Card : ShadowIsoDep() {
    @Implementation
    override fun transceive(command: ByteArray): ByteArray = answers(command)

    @Implementation
    override fun isConnected() = isThere

    @Implementation
    override fun connect() {
        if (!isThere) throw IOException()
    }

    @Implementation
    override fun setTimeout(ms: Int) {
        givenMs = ms
    }

    companion object {
        var answers: (ByteArray) -> ByteArray = { it }
        var isThere = true
        var isCard = true
        var givenMs = 0

        @JvmStatic
        @Implementation
        @Suppress("UnusedParameter") // The framework's signature.
        fun get(tag: Tag): IsoDep? = if (isCard) Shadow.newInstanceOf(IsoDep::class.java) else null
    }
}

/** Since Android 10 only the app in front sees what is on the clipboard. */
@Implements(ClipboardManager::class)
class FocusedClips : ShadowClipboardManager() {
    @Implementation
    override fun getPrimaryClipDescription(): ClipDescription? =
        if (isFocused) super.getPrimaryClipDescription() else null

    companion object {
        var isFocused = true
    }
}
