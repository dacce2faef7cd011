package org.countersign.app

import android.content.res.Configuration
import android.os.Build.VERSION_CODES
import android.widget.TextView
import kotlinx.coroutines.runBlocking
import org.countersign.app.look.Palettes
import org.countersign.app.look.palette
import org.countersign.app.look.say
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.DeviceClass
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.route.SettingsTab
import org.countersign.logic.text.Say
import org.countersign.testkit.FakeKeyStore
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertSame
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.util.ReflectionHelpers
import org.robolectric.util.ReflectionHelpers.ClassParameter

/** The system's *back* asks what the screens themselves ask. */
@RunWith(RobolectricTestRunner::class)
class BackTest {
    @Before
    fun begin() = FakeKeyStore.install()

    private fun inside(journey: (ActivityController<MainActivity>) -> Unit): Unit =
        Robolectric.buildActivity(MainActivity::class.java).setup().use(journey)

    private fun open() =
        runBlocking { app.core.createVault("four words".toByteArray(), DeviceClass.SMALL_PHONE, CancelHandle()) }

    @Test
    fun whatWasTypedIsNotLostUnasked() {
        open()
        inside { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.get().go(Go.To(Route.Manual))
            screen.sees(Say.phoneSave)
            screen.type(0, "Example")
            screen.back()
            screen.sees(Say.phoneScanFormLeave)
            screen.back()
            screen.awaiting("the form without its question") { !screen.get().shows(Say.phoneScanFormLeave) }
            screen.back()
            screen.tap(Say.phoneScanFormLeaveYes)
            screen.sees(Say.phoneAccountsEmpty)
        }
    }

    @Test
    fun aPhoneThatIsTurnedKeepsWhatWasTyped() {
        open()
        inside { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.get().go(Go.To(Route.Manual))
            screen.sees(Say.phoneSave)
            screen.type(0, "Example")
            val before = screen.get()
            val turned = Configuration(before.resources.configuration).apply {
                orientation = Configuration.ORIENTATION_LANDSCAPE
                screenWidthDp = before.resources.configuration.screenHeightDp
                screenHeightDp = before.resources.configuration.screenWidthDp
            }
            screen.configurationChange(turned)
            assertSame("no other window", before, screen.get())
            screen.sees("Example")
        }
    }

    /** By the framework's own hand, which leaves to a window what it was drawn with. */
    private fun ActivityController<MainActivity>.growsDark() {
        RuntimeEnvironment.setQualifiers("+night")
        val now = app.resources.configuration
        val all = ReflectionHelpers.callStaticMethod<Any>(Class.forName("android.app.ResourcesManager"), "getInstance")
        ReflectionHelpers.callInstanceMethod<Boolean>(
            all,
            "applyConfigurationToResources",
            ClassParameter.from(Configuration::class.java, now),
            ClassParameter.from(Class.forName("android.content.res.CompatibilityInfo"), null),
        )
        get().onConfigurationChanged(now)
    }

    @Test
    @Config(minSdk = VERSION_CODES.VANILLA_ICE_CREAM)
    fun aPhoneThatGrowsDarkWaitsForWhoIsInTheMiddleOfSomething() {
        RuntimeEnvironment.setQualifiers("+notnight")
        open()
        inside { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.get().go(Go.To(Route.Manual))
            screen.sees(Say.phoneSave)
            screen.type(0, "Example")
            val before = screen.get()
            RuntimeEnvironment.setFontScale(2f)
            screen.growsDark()
            assertSame("no other window", before, screen.get())
            screen.sees("Example")
            assertSame("what is drawn next fits what is there", Palettes.day, before.palette)
            assertEquals(1f, before.resources.configuration.fontScale)
            screen.back()
            screen.tap(Say.phoneScanFormLeaveYes)
            screen.awaiting("the night") { screen.get().palette === Palettes.night }
            screen.sees(Say.phoneAccountsEmpty)
            assertEquals(2f, screen.get().resources.configuration.fontScale)
        }
    }

    @Test
    @Config(minSdk = VERSION_CODES.VANILLA_ICE_CREAM)
    fun aPhoneThatGrowsDarkIsFollowedAtOnceWhereNothingIsLost() {
        RuntimeEnvironment.setQualifiers("+notnight")
        open()
        inside { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.get().go(Go.To(Route.Help))
            screen.growsDark()
            screen.awaiting("the night") { screen.get().palette === Palettes.night }
            screen.sees(Say.phoneSettingsHelpCode)
        }
    }

    @Test
    fun theFirstPassphraseLeadsBackToTheBeginning() = inside { screen ->
        screen.tap(Say.phoneUnlockAddAccount)
        screen.sees(Say.phoneUnlockChoosePassphrase)
        screen.back()
        screen.sees(Say.phoneUnlockAddAccount)
        assertFalse(screen.get().isFinishing)
    }

    @Test
    fun aSheetThatIsShownOnceIsNotLostByOneGesture() {
        open()
        inside { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.get().go(Go.To(Route.Settings(SettingsTab.BACKUP)))
            val row = screen.get().say(Say.phoneSettingsMakeSheet)
            screen.awaiting(row) { screen.get().all().any { it is TextView && it.text.startsWith(row) } }
            screen.get().all().first { it is TextView && it.text.startsWith(row) }.performClick()
            screen.sees(Say.phoneDone)
            screen.back()
            screen.sees(Say.phoneSettingsSheetLeave)
            screen.back()
            screen.awaiting("the settings") { !screen.get().shows(Say.phoneSettingsSheetLeave) }
        }
    }

    @Test
    fun aPageLeadsBackToTheList() {
        open()
        inside { screen ->
            screen.sees(Say.phoneAccountsEmpty)
            screen.get().go(Go.To(Route.Help))
            screen.back()
            screen.sees(Say.phoneAccountsEmpty)
        }
    }
}
