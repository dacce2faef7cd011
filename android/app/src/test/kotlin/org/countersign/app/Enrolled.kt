package org.countersign.app

import android.app.Activity
import android.content.Intent
import android.net.Uri
import android.widget.TextView
import java.io.File
import java.nio.file.Files
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.Sort
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.countersign.testkit.RealGateway
import org.countersign.testkit.Window
import org.countersign.testkit.await
import org.junit.Assert.assertEquals
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowActivity
import org.robolectric.shadows.ShadowBiometricPrompt

internal val app get() = RuntimeEnvironment.getApplication() as CountersignApp

/** The picker brings a picture. */
internal fun ActivityController<MainActivity>.picked(
    bytes: ByteArray,
    asked: ShadowActivity.IntentForResult = shadowOf(get()).nextStartedActivityForResult,
    type: String = "image/*",
) {
    val folder = Files.createTempDirectory("picked").toFile().apply { deleteOnExit() }
    val file = File(folder, "picture").apply { deleteOnExit() }
    file.writeBytes(bytes)
    assertEquals("what is asked for", type, asked.intent.type)
    shadowOf(get()).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(Uri.fromFile(file)))
}

/** The page on which a new person adds a phone. */
internal fun RealGateway.enrolPage(name: String): Window {
    val voucher = add(name)
    return signIn(name, "/manageotp").apply {
        goto("/manageotp/add?kind=countersign")
        submit("/manageotp/add", "name" to "Phone", "voucher" to voucher)
    }
}

/** Enrols by a picture of the page, up to the digits that the page wants. */
internal fun ActivityController<MainActivity>.scansEnrolment(page: Window): String {
    get().go(Go.To(Route.Scan))
    tap(Say.phoneScanPicture)
    picked(png(page.qr()))
    sees(Say.phoneScanEnrolAsk(plain("localhost:${page.port}")))
    tap(Say.phoneScanEnrolYes)
    // One signs the request; the other seals what answer codes are made from.
    prompted()
    prompted()
    sees(Say.phoneScanEnrolWaits)
    return digits()
}

/** The six digits that the phone shows. */
internal fun ActivityController<MainActivity>.digits(): String = get().all().filterIsInstance<TextView>()
    .filter { it.isShown }
    .map { it.text.filter(Char::isDigit).toString() to it.text }
    .first { (digits, text) -> digits.length == DIGITS && text.startsWith("\u2066") }.first

internal fun Window.confirms(digits: String) {
    until("/manageotp/add") { "/manageotp/confirm" in page }
    submit("/manageotp/confirm", "digits" to digits)
}

/** Enrols a new person, whole. */
internal fun ActivityController<MainActivity>.enrols(gateway: RealGateway, name: String) {
    val page = gateway.enrolPage(name)
    page.confirms(scansEnrolment(page))
    tap(Say.phoneScanImportDone)
    sees(Say.phoneAccountsTitle)
}

/** A sign-in that waits: its window. The phone has the card before it. */
internal fun ActivityController<MainActivity>.isAsked(
    gateway: RealGateway,
    name: String,
    path: String = "/demo",
): Window {
    val window = gateway.signIn(name, path)
    tapOn(Say.phoneUnlockOneWaits)
    sees(Say.phoneApprovalTypeDigits)
    return window
}

internal val Window.digits: String
    get() = words("class=\"figure\"").orEmpty().filter(Char::isDigit).also {
        check(it.length == DIGITS) { "no digits at $path: $page" }
    }

internal val Window.port: Int get() = url.substringAfterLast(':').toInt()

/** The code of now of the account that is called so. */
internal fun ActivityController<MainActivity>.code(name: String): String {
    val code = { app.core.view(EVERY, app.now()).rows.firstOrNull { it.account.name == name }?.live?.code }
    awaiting("a code of $name") { code() != null }
    return code()!!
}

/** Types the digits and says yes; the platform's prompt is answered where it comes. */
internal fun ActivityController<MainActivity>.approves(digits: String) {
    type(0, digits)
    tap(Say.phoneApprovalApprove)
    prompted()
}

/** The person shows a finger. */
internal fun ActivityController<MainActivity>.prompted() {
    awaiting("the prompt") { ShadowBiometricPrompt.getCurrentPrompt() != null }
    ShadowBiometricPrompt.authenticateCurrentSessionSuccessfully()
}

private val EVERY = AccountQuery("", group = null, tag = null, favourites = false, sort = Sort.MANUAL)

private const val DIGITS = 6
