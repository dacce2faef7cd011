package org.countersign.app.bell

import android.app.ActivityManager
import android.app.Application
import android.app.KeyguardManager
import android.app.Notification
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.job.JobScheduler
import android.content.Intent
import android.os.Build
import android.os.PowerManager
import org.countersign.app.look.say
import org.countersign.logic.bell.Missing
import org.countersign.logic.bell.Stands
import org.countersign.logic.bell.UnifiedPush
import org.countersign.logic.bell.missing
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.countersign.testkit.await
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf

/** A distributor, a core that is played, and what the person sees of it. Nobody has the app open. */
@RunWith(RobolectricTestRunner::class)
class BellsTest {
    private val core = FakeCore()
    private val manager get() = app.getSystemService(NotificationManager::class.java)
    private val keyguard get() = app.getSystemService(KeyguardManager::class.java)
    private val jobs get() = app.getSystemService(JobScheduler::class.java)
    private val isGuarded = Build.VERSION.SDK_INT >= Build.VERSION_CODES.S

    private fun facts() = app.bells.facts()

    private fun stands() = facts().subscriptions.map { it.stands }

    private fun kept() = facts().subscriptions.map { it.token }

    private fun tokens(action: String) = sent(action).map { it.getStringExtra(UnifiedPush.TOKEN) }

    private fun notes() = manager.activeNotifications.map { it.notification }

    private fun Notification.words(key: String) = extras.getCharSequence(key)?.toString()

    @Before
    fun begin() {
        app.gateOf = { core }
        install(NTFY, "ntfy")
    }

    /** Subscribed with an endpoint; the token that the distributor has. */
    private fun subscribed(): String {
        app.bells.tend()
        // What another test left under way may still send something: what is asked for here is known by its token.
        await("the registration") { tokens(UnifiedPush.REGISTER).any { it in kept() } }
        val token = kept().single()
        say(UnifiedPush.NEW_ENDPOINT, token) { putExtra(UnifiedPush.ENDPOINT, ENDPOINT) }
        await("the endpoint") { stands() == listOf(Stands.SET) }
        return token
    }

    private fun ring(token: String?) =
        say(UnifiedPush.MESSAGE, token) { putExtra(UnifiedPush.BYTES, ByteArray(64)).putExtra(UnifiedPush.ID, "m1") }

    private fun rung(): Notification {
        core.brings = listOf(approval())
        ring(subscribed())
        await("the notification") { notes().size == 1 }
        return notes().single()
    }

    @Test
    fun anEnrolmentIsRegisteredWithProofOfWhoAsks() {
        subscribed()
        val asked = sent(UnifiedPush.REGISTER).single { it.getStringExtra(UnifiedPush.TOKEN) in kept() }
        assertEquals(NTFY, asked.`package`)
        assertEquals(VAPID, asked.getStringExtra(UnifiedPush.VAPID))
        @Suppress("DEPRECATION")
        val who = asked.getParcelableExtra<PendingIntent>(UnifiedPush.WHO)!!
        assertEquals(app.packageName, who.creatorPackage)
        assertEquals("its intent leads nowhere", "org.unifiedpush.dummy_app", shadowOf(who).savedIntent.`package`)
        assertTrue("256 bits", asked.getStringExtra(UnifiedPush.TOKEN)!!.matches(Regex("[A-Za-z0-9_-]{43}")))
        assertEquals(listOf("set gate $ENDPOINT"), core.asked.toList())
        assertEquals("all is well", emptyList<Missing>(), missing(facts()))
    }

    @Test
    fun aStrangersBroadcastDoesNothing() {
        subscribed()
        core.asked.clear()
        for (token in listOf(null, "", "guessed", "x".repeat(5_000))) {
            ring(token)
            say(UnifiedPush.NEW_ENDPOINT, token) { putExtra(UnifiedPush.ENDPOINT, "https://evil.example.com/") }
            say(UnifiedPush.UNREGISTERED, token)
        }
        say(UnifiedPush.MESSAGE, facts().subscriptions.single().token) { putExtra(UnifiedPush.BYTES, "no bytes") }
        Thread.sleep(200)
        assertEquals(emptyList<String>(), core.asked.toList())
        assertEquals(listOf(Stands.SET), stands())
        assertEquals(emptyList<Intent>(), sent(UnifiedPush.MESSAGE_ACK))
    }

    @Test
    fun aBellShowsAppAndPlaceAndOnALockedPhoneNeither() {
        val note = rung()
        assertEquals(app.say(Say.phoneBellAsks(plain("Payroll"))), note.words(Notification.EXTRA_TITLE))
        assertEquals("Köln, Germany", note.words(Notification.EXTRA_TEXT))
        assertEquals("gate.example.com", note.words(Notification.EXTRA_SUB_TEXT))
        assertEquals(Notification.VISIBILITY_PRIVATE, note.visibility)
        assertEquals(app.say(Say.phoneBellWaiting), note.publicVersion.words(Notification.EXTRA_TITLE))
        for (hidden in listOf("Payroll", "Köln", "gate.example.com")) {
            assertFalse(hidden, hidden in "${note.publicVersion.extras.keySet().map { note.publicVersion.words(it) }}")
        }
        assertFalse("no account", "mara" in "${note.extras.keySet().map { note.extras.get(it) }}")
        assertTrue("it goes when the sign-in does", note.timeoutAfter in 1..90_000)
        val channel = manager.getNotificationChannel(note.channelId)
        assertEquals(NotificationManager.IMPORTANCE_HIGH, channel.importance)
        val acknowledged = sent(UnifiedPush.MESSAGE_ACK).single()
        assertEquals("m1" to NTFY, acknowledged.getStringExtra(UnifiedPush.ID) to acknowledged.`package`)
        assertTrue("a job keeps the process", jobs.getPendingJob(Jobs.AT_ONCE) != null)
    }

    @Test
    fun aTapOpensTheSignIn() {
        val opens = shadowOf(rung().contentIntent)
        assertTrue(opens.isActivityIntent)
        assertEquals("gate.one", opens.savedIntent.approval())
        val old = Intent(opens.savedIntent).addFlags(Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY)
        assertNull("the list of recent apps brings no old one back", old.approval())
    }

    @Test
    fun noIsSaidBehindTheLockAlone() {
        val action = rung().actions.single()
        assertEquals(app.say(Say.phoneBellDeny), action.title.toString())
        val does = shadowOf(action.actionIntent)
        if (!isGuarded) {
            assertTrue("its page, behind the lock", does.isActivityIntent)
            assertEquals("gate.one", does.savedIntent.approval())
            return
        }
        assertTrue(action.isAuthenticationRequired)
        assertTrue(does.isBroadcastIntent)
        shadowOf(keyguard).setIsDeviceLocked(true)
        DenyReceiver().onReceive(app, does.savedIntent)
        Thread.sleep(200)
        assertFalse("deny gate.one" in core.asked)
        shadowOf(keyguard).setIsDeviceLocked(false)
        DenyReceiver().onReceive(app, does.savedIntent)
        await("the no") { "deny gate.one" in core.asked }
        await("nothing is left of it") { notes().isEmpty() }
    }

    @Test
    fun whatIsAnsweredElsewhereIsTakenAwayAndNothingComesTwice() {
        rung()
        manager.cancelAll()
        app.bells.left()
        Thread.sleep(200)
        assertEquals("it was swiped away", 0, notes().size)
        core.asking = listOf(approval("gate.two"))
        app.bells.left()
        await("the other") { notes().size == 1 }
        core.asking = emptyList()
        app.bells.left()
        await("it is over") { notes().isEmpty() }
    }

    @Test
    fun whereNothingIsKnownItSaysThatSomethingWaits() {
        val token = subscribed()
        core.isCutOff = true
        ring(token)
        await("the word") { notes().isNotEmpty() }
        assertEquals(app.say(Say.phoneBellWaiting), notes().single().words(Notification.EXTRA_TITLE))
        core.isCutOff = false
        core.brings = listOf(approval())
        ring(token)
        await("the sign-in instead") { notes().singleOrNull()?.actions?.size == 1 }
    }

    @Test
    fun theJobLooksWhenTheProcessHadDied() {
        app.bells.tend()
        await("a quarter of an hour") { jobs.getPendingJob(Jobs.NOW_AND_THEN)?.intervalMillis == Jobs.QUARTER_MS }
        core.brings = listOf(approval())
        var isDone: Boolean? = null
        app.bells.finish { isDone = it }
        await("its end") { isDone != null }
        assertEquals(true, isDone)
        assertEquals(listOf("poll gate"), core.asked.toList())
        assertEquals(1, notes().size)
        core.isCutOff = true
        app.bells.finish { isDone = it }
        await("tried again later") { isDone == false }
    }

    @Test
    fun thePhoneRunsTheJob() {
        val service = Robolectric.setupService(LookService::class.java)
        val job = org.robolectric.shadow.api.Shadow.newInstanceOf(android.app.job.JobParameters::class.java)
        assertTrue("it goes on", service.onStartJob(job))
        await("a look") { "poll gate" in core.asked }
        await("its end") { shadowOf(service).isJobFinished }
    }

    @Test
    fun withoutEnrolmentsNothingRuns() {
        val token = subscribed()
        await("the job") { jobs.getPendingJob(Jobs.NOW_AND_THEN) != null }
        core.enrolled = emptyList()
        app.bells.tend()
        await("its end") { jobs.getPendingJob(Jobs.NOW_AND_THEN) == null }
        await("the subscription's") { token in tokens(UnifiedPush.UNREGISTER) }
        assertEquals(emptyList<Missing>(), missing(facts()))
    }

    @Test
    fun whoWantsNoneHasNone() {
        val token = subscribed()
        core.brings = listOf(approval())
        app.bells.switch(false)
        await("the end of the subscription") { token in tokens(UnifiedPush.UNREGISTER) }
        await("the gateway knows") { core.push.endpoint == null }
        ring(token)
        Thread.sleep(200)
        assertEquals(0, notes().size)
        app.bells.switch(true)
        await("a new one") { tokens(UnifiedPush.REGISTER).any { it in kept() } }
        assertNotEquals(token, kept().single())
    }

    @Test
    fun anotherDistributorIsChosenAndOneThatGoesIsSeen() {
        val token = subscribed()
        install("org.other", "Other")
        assertEquals(NTFY, facts().chosen)
        app.bells.choose("org.other")
        await("a registration there") { sent(UnifiedPush.REGISTER).last().`package` == "org.other" }
        assertTrue("the other is ended", token in tokens(UnifiedPush.UNREGISTER))
        for (gone in listOf("org.other", NTFY)) shadowOf((app as Application).packageManager).deletePackage(gone)
        assertEquals(listOf<Missing>(Missing.NoDistributor), missing(facts()))
    }

    @Test
    fun aDistributorThatFailsIsSeen() {
        val token = subscribed()
        say(UnifiedPush.TEMP_UNAVAILABLE, token)
        assertEquals(listOf<Missing>(Missing.Fails("ntfy")), missing(facts()))
        ring(token)
        await("it is back") { missing(facts()).isEmpty() }
        say(UnifiedPush.UNREGISTERED, token)
        assertEquals(listOf<Missing>(Missing.Fails("ntfy")), missing(facts()))
    }

    @Test
    fun whatThePhoneForbidsIsSeen() {
        subscribed()
        shadowOf(manager).setNotificationsEnabled(false)
        val canAsk = Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU
        assertEquals(listOf(if (canAsk) Missing.NotAsked else Missing.NotAllowed), missing(facts()))
        app.bells.asked()
        assertEquals(listOf<Missing>(Missing.NotAllowed), missing(facts()))
        shadowOf(manager).setNotificationsEnabled(true)
        shadowOf(app.getSystemService(PowerManager::class.java)).setIsPowerSaveMode(true)
        assertEquals(listOf<Missing>(Missing.Saver), missing(facts()))
        shadowOf(app.getSystemService(ActivityManager::class.java)).setBackgroundRestricted(true)
        assertEquals(listOf<Missing>(Missing.Restricted), missing(facts()))
    }
}
