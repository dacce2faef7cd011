package org.countersign.app

import android.appwidget.AppWidgetManager
import android.content.Intent
import android.view.View
import android.widget.Switch
import android.widget.TextView
import kotlinx.coroutines.runBlocking
import org.countersign.app.look.say
import org.countersign.app.widget.NamesWidget
import org.countersign.bindings.AccountEdit
import org.countersign.bindings.AccountKind
import org.countersign.bindings.Algorithm
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.NewAccount
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.countersign.testkit.await
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf

private const val PASSPHRASE = "four words that stay"

/** Names on the home screen. */
@RunWith(RobolectricTestRunner::class)
class WidgetTest {
    private var account = 0UL
    private val home by lazy { shadowOf(app.getSystemService(AppWidgetManager::class.java)) }

    @Before
    fun begin(): Unit = runBlocking {
        FakeKeyStore.install()
        app.core.createVault(PASSPHRASE.toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle())
        val kind = AccountKind.Totp(period = 30u, start = 0u)
        val seed = "12345678901234567890".toByteArray()
        account = app.core.addAccount(NewAccount("Example", "mara", "", kind, Algorithm.SHA1, 6u, seed, pin = null))
    }

    @Test
    fun aTapOnAChosenNameOpensItsCodeBehindTheLock() {
        val widget = home.createWidget(NamesWidget::class.java, R.layout.widget)
        assertEquals("nothing unasked", listOf(app.say(Say.phoneWidgetEmpty)), words(widget))
        launched(tapped(widget)).use { screen ->
            screen.sees(Say.phoneWidgetAbout)
            screen.awaiting("a switch") { screen.get().all().any { it is Switch } }
            screen.get().all().filterIsInstance<Switch>().single().performClick()
            await("the name") { words(widget) == listOf("Example") }
        }
        runBlocking { app.core.lock() }
        launched(tapped(widget)).use { screen ->
            screen.sees(Say.phoneUnlockLocked)
            assertFalse(screen.get().shows("mara"))
            screen.type(0, PASSPHRASE)
            screen.tap(Say.phoneUnlockUnlock)
            screen.sees("mara")
            screen.sees(Say.phoneAccountsBurn)
        }
    }

    @Test
    fun namesFollowWhatBecomesOfTheirAccounts(): Unit = runBlocking {
        val widget = home.createWidget(NamesWidget::class.java, R.layout.widget)
        launched(tapped(widget)).use { screen ->
            screen.awaiting("a switch") { screen.get().all().any { it is Switch } }
            screen.get().all().filterIsInstance<Switch>().single().performClick()
        }
        app.core.editAccount(account, AccountEdit("Another", null, null))
        await("the new name") { words(widget) == listOf("Another") }
        app.core.eraseVault()
        await("no name") { words(widget) == listOf(app.say(Say.phoneWidgetEmpty)) }
    }

    private fun launched(intent: Intent) = Robolectric.buildActivity(MainActivity::class.java, intent).setup()

    /** What a tap on the first row starts. */
    private fun tapped(widget: Int): Intent {
        rows(widget).first().performClick()
        return shadowOf(app).nextStartedActivity
    }

    private fun words(widget: Int) = rows(widget).map { it.text.toString() }

    private fun rows(widget: Int): List<TextView> = all(home.getViewFor(widget)).filterIsInstance<TextView>()

    private fun all(view: View): List<View> = listOf(view) +
        (
            (view as? android.view.ViewGroup)?.let { group ->
                (0 until group.childCount).flatMap { all(group.getChildAt(it)) }
            }.orEmpty()
            )
}
