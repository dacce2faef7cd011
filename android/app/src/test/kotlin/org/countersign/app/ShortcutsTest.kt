package org.countersign.app

import android.content.Intent
import kotlinx.coroutines.runBlocking
import org.countersign.app.look.say
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController
import org.xmlpull.v1.XmlPullParser

private const val ANDROID = "http://schemas.android.com/apk/res/android"
private const val PASSPHRASE = "four words that stay"

/** Where the shortcuts lead that a long press on the app's icon shows. */
@RunWith(RobolectricTestRunner::class)
class ShortcutsTest {
    @Before
    fun begin() {
        FakeKeyStore.install()
        runBlocking { app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }
    }

    @Test
    fun eachHasItsWordsAndLeadsToItsPlace() {
        val listed = listed()
        assertEquals(listOf(app.say(Say.phoneAccountsScanQr), app.say(Say.phonePastTitle)), listed.map { it.first })
        starting(listed[0].second) { it.sees(Say.phoneScanPicture) }
        starting(listed[1].second) { it.sees(Say.phonePastTitle) }
    }

    @Test
    fun oneIsTakenWhileTheAppIsThereToo() = starting(Intent()) { screen ->
        screen.sees(Say.phoneAccountsEmpty)
        screen.newIntent(listed()[0].second)
        screen.sees(Say.phoneScanPicture)
    }

    @Test
    fun scanningWaitsBehindTheLock() = starting(Intent()) { screen ->
        screen.sees(Say.phoneAccountsEmpty)
        runBlocking { app.core.lock() }
        screen.newIntent(listed()[0].second)
        screen.sees(Say.phoneUnlockLocked)
        assertFalse(screen.get().shows(Say.phoneScanPicture))
        screen.type(0, PASSPHRASE)
        screen.tap(Say.phoneUnlockUnlock)
        screen.sees(Say.phoneScanPicture)
    }

    @Test
    fun theListOfRecentAppsLeadsNowhereAnew() =
        starting(listed()[0].second.addFlags(Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY)) {
            it.sees(Say.phoneAccountsEmpty)
        }

    @Test
    fun whoCameBackIsWhereTheyWere() = starting(listed()[0].second) { screen ->
        screen.sees(Say.phoneScanPicture)
        screen.back()
        screen.sees(Say.phoneAccountsEmpty)
        screen.recreate()
        screen.sees(Say.phoneAccountsEmpty)
    }

    private fun starting(intent: Intent, journey: (ActivityController<MainActivity>) -> Unit): Unit =
        Robolectric.buildActivity(MainActivity::class.java, intent).setup().use { journey(it) }

    /** What the system reads of the list: the words of each, and what it starts. */
    private fun listed(): List<Pair<String, Intent>> {
        val parser = app.resources.getXml(R.xml.shortcuts)
        val found = mutableListOf<Pair<String, Intent>>()
        var words = ""
        while (parser.next() != XmlPullParser.END_DOCUMENT) {
            if (parser.eventType != XmlPullParser.START_TAG) continue
            when (parser.name) {
                "shortcut" -> words = app.getString(parser.getAttributeResourceValue(ANDROID, "shortcutShortLabel", 0))
                "intent" -> found += words to Intent.parseIntent(app.resources, parser, parser)
            }
        }
        return found
    }
}
