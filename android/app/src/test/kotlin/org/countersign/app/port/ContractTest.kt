package org.countersign.app.port

import android.nfc.Tag
import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import android.os.Looper
import java.io.IOException
import java.util.concurrent.CopyOnWriteArrayList
import org.countersign.app.shell.Changes
import org.countersign.bindings.LinkException
import org.countersign.bindings.Topic
import org.countersign.contract.ContractException
import org.countersign.contract.EmulatedToken
import org.countersign.contract.Hearing
import org.countersign.contract.checkKeystore
import org.countersign.contract.checkLink
import org.countersign.contract.checkObserver
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.Maker
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowIsoDep
import org.robolectric.shadows.ShadowNfcAdapter

private const val NOW = 1_700_000_000uL

/** The app's own ports, put to the suites that core has for every port: they are what the app gives it. */
@RunWith(RobolectricTestRunner::class)
@Config(shadows = [GoingCard::class])
class ContractTest {
    private val token = EmulatedToken.securityKey(serial = 7u, now = NOW)
    private val link by lazy { checkNotNull(NfcLink.open(ShadowNfcAdapter.createMockTag())) }

    private fun refuses(rule: String, suite: () -> Unit) {
        val broken = assertThrows(ContractException.Broken::class.java, suite)
        assertTrue(broken.rule, broken.rule.contains(rule))
    }

    @Test
    fun theKeysOfAPhoneWithAChipForThem() {
        FakeKeyStore.install()
        FakeKeyStore.maker = Maker()
        checkKeystore(Keys { _, _, _ -> })
    }

    @Test
    fun theKeysOfAPhoneWithoutOne() {
        FakeKeyStore.install()
        FakeKeyStore.hasStrongBox = false
        checkKeystore(Keys { _, _, _ -> })
    }

    @Test
    fun theReaderWhereThePhoneSaysThatTheTokenLeft() = gone { TagLostException() }

    @Test
    fun theReaderWhereTheTagIsOfAnEarlierTouch() = gone { SecurityException("Permission Denial: Tag is out of date") }

    @Test
    fun theReaderWhereThePhoneSaysNoMoreThanThatItFailed() = gone { IOException("Transceive failed") }

    private fun gone(how: () -> Exception) {
        GoingCard.begin(token, how)
        checkLink(link, token)
    }

    @Test
    fun aReaderThatTakesALostTokenForALateOneIsRefused() = refuses("that is gone") {
        GoingCard.begin(token, { IOException("Transceive failed") }, leaves = false)
        checkLink(link, token)
    }

    /** Hears once the main thread has come to it. */
    private class Ear(private val topics: List<Topic>) : Hearing {
        override fun heard(): List<Topic> {
            shadowOf(Looper.getMainLooper()).idle()
            return topics
        }
    }

    @Test
    fun whatChangedIsHeardOnTheMainThread() {
        val changes = Changes()
        val topics = CopyOnWriteArrayList<Topic>()
        changes.listen { topic ->
            check(Looper.getMainLooper().isCurrentThread) { "heard beside the main thread" }
            topics += topic
        }
        checkObserver(changes, Ear(topics))
    }

    @Test
    fun whoLeftHearsNothing() = refuses("is heard") {
        val changes = Changes()
        val topics = CopyOnWriteArrayList<Topic>()
        val listener: (Topic) -> Unit = { topics += it }
        changes.listen(listener)
        changes.leave(listener)
        checkObserver(changes, Ear(topics))
    }
}

/** What the framework gives of a token in memory, and how it says that it left. */
@Implements(IsoDep::class)
class GoingCard : ShadowIsoDep() {
    @Implementation
    override fun transceive(command: ByteArray): ByteArray = try {
        there.transmit(command)
    } catch (_: LinkException.Lost) {
        isThere = !leaves
        throw how()
    }

    @Implementation
    override fun isConnected(): Boolean = isThere

    companion object {
        private lateinit var there: EmulatedToken
        private lateinit var how: () -> Exception
        private var leaves = true
        private var isThere = true

        fun begin(token: EmulatedToken, how: () -> Exception, leaves: Boolean = true) {
            there = token
            this.how = how
            this.leaves = leaves
            isThere = true
        }

        @JvmStatic
        @Implementation
        @Suppress("UnusedParameter") // The framework's signature.
        fun get(tag: Tag): IsoDep = Shadow.newInstanceOf(IsoDep::class.java)
    }
}
