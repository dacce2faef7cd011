package org.countersign.app.shell

import android.Manifest
import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.net.Uri
import android.os.Build
import android.provider.Settings
import android.view.HapticFeedbackConstants
import android.widget.Toast
import org.countersign.app.look.say
import org.countersign.app.port.Clipboard
import org.countersign.app.port.Files
import org.countersign.logic.Pulse
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain

/** Does what a screen wishes of the platform. */
class Wishes(
    private val activity: Activity,
    private val clipboard: Clipboard,
    private val files: Files,
    private val onAskedToNotify: () -> Unit,
) {
    fun fulfil(wish: Wish) {
        when (wish) {
            is Wish.All -> wish.wishes.forEach(::fulfil)

            is Wish.Copy -> clipboard.copyCode(wish.digits.plain(), wish.clearAfterS)

            is Wish.CopyWords -> clipboard.copyWords(wish.words)

            is Wish.Say -> Toast.makeText(activity, activity.say(wish.text), Toast.LENGTH_SHORT).show()

            is Wish.OpenSettings -> open(wish.page)

            is Wish.OpenPage -> openPage(wish.host)

            Wish.AskToNotify -> askToNotify()

            is Wish.Vibrate -> activity.window.decorView.performHapticFeedback(felt(wish.pulse))

            is Wish.Share -> files.save(wish.name, wish.bytes)

            // The screens that wish these are not there yet, or do them themselves.
            is Wish.PickFile, Wish.OpenCamera, is Wish.Reader -> Unit
        }
    }

    /** Up to Android 12 every app may until the person says no. */
    private fun askToNotify() {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) return
        activity.requestPermissions(arrayOf(Manifest.permission.POST_NOTIFICATIONS), ASK)
        onAskedToNotify()
    }

    private fun openPage(host: String) {
        val page = "https://$host/"
        try {
            activity.startActivity(Intent(Intent.ACTION_VIEW, Uri.parse(page)))
        } catch (_: ActivityNotFoundException) {
            fulfil(Wish.Say(Say.phoneGatewayNoBrowser(plain(page))))
        }
    }

    /** The page, or the system's settings where this phone has no such page. */
    private fun open(page: SettingsPage) {
        try {
            activity.startActivity(intent(page))
        } catch (_: ActivityNotFoundException) {
            activity.startActivity(Intent(Settings.ACTION_SETTINGS))
        }
    }

    private fun intent(page: SettingsPage): Intent {
        val ours = Uri.fromParts("package", activity.packageName, null)
        return when (page) {
            SettingsPage.SCREEN_LOCK -> Intent(Settings.ACTION_SECURITY_SETTINGS)

            SettingsPage.APP -> Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, ours)

            SettingsPage.NOTIFICATIONS ->
                Intent(
                    Settings.ACTION_APP_NOTIFICATION_SETTINGS,
                ).putExtra(Settings.EXTRA_APP_PACKAGE, activity.packageName)

            SettingsPage.BATTERY -> Intent(Settings.ACTION_IGNORE_BATTERY_OPTIMIZATION_SETTINGS)

            SettingsPage.DATE -> Intent(Settings.ACTION_DATE_SETTINGS)

            SettingsPage.STORAGE -> Intent(Settings.ACTION_INTERNAL_STORAGE_SETTINGS)

            // Every shop of apps hears it, also one without Google.
            SettingsPage.STORE -> Intent(Intent.ACTION_VIEW, Uri.parse("market://details?id=${activity.packageName}"))

            SettingsPage.NFC -> Intent(Settings.ACTION_NFC_SETTINGS)

            SettingsPage.LANGUAGE ->
                if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
                    Intent(Settings.ACTION_APP_LOCALE_SETTINGS, ours)
                } else {
                    Intent(Settings.ACTION_LOCALE_SETTINGS)
                }
        }
    }

    private fun felt(pulse: Pulse): Int {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return HapticFeedbackConstants.LONG_PRESS
        return if (pulse == Pulse.LOST) HapticFeedbackConstants.REJECT else HapticFeedbackConstants.CONFIRM
    }

    companion object {
        const val ASK = 3
    }
}
