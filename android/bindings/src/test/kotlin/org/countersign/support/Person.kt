package org.countersign.support

import java.util.UUID
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.CancelHandle
import org.countersign.bindings.Countersign
import org.countersign.bindings.Frame
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.Os
import org.countersign.bindings.Phone
import org.countersign.bindings.PollOutcome
import org.countersign.bindings.Rotation
import org.countersign.bindings.Scanned
import org.countersign.testkit.RealGateway
import org.countersign.testkit.Window

val KOTLIN_PHONE = Phone(Os.ANDROID, model = "Kotlin", app = "tests 1")

private const val FRAMES = 50
private const val SCALE = 5
private const val LIGHT: Byte = -16
private const val DARK: Byte = 16

/** What [app] enrolled at: a test has one enrolment on each phone. */
val Countersign.gateway: GatewayRow get() = gateways().single()

fun Countersign.polled(waitS: ULong = 0u): PollOutcome = runBlocking { poll(gateway.id, waitS, CancelHandle()) }

/** What the camera makes of the code that a page draws. A frame has its few milliseconds; there is always a next one. */
fun Countersign.sees(page: Window): Scanned = runBlocking {
    val frame = frameOf(page.qr())
    (1..FRAMES).firstNotNullOf { scanFrame(frame).singleOrNull() }
}

private fun frameOf(rows: List<BooleanArray>): Frame {
    val width = rows.size * SCALE
    val pixels = ByteArray(width * width) { at ->
        if (rows[at / width / SCALE][at % width / SCALE]) DARK else LIGHT
    }
    return Frame(pixels, width.toUInt(), width.toUInt(), width.toUInt(), Rotation.UPRIGHT)
}

/** Somebody new at a gateway. */
class Person(private val gateway: RealGateway) {
    val name = "mara-${UUID.randomUUID().toString().take(NAME)}"
    private val voucher = gateway.add(name)

    /** Enrols a phone by what its camera sees on the page, and types its digits there. */
    fun enrols(app: Countersign) {
        val window = gateway.signIn(name, "/manageotp")
        window.goto("/manageotp/add?kind=countersign")
        window.submit("/manageotp/add", "name" to "Kotlin", "voucher" to voucher)
        val link = (app.sees(window) as Scanned.Enrolment).link
        val enrolling = runBlocking { app.enrol(link, KOTLIN_PHONE, CancelHandle()) }
        window.until("/manageotp/add") { "/manageotp/confirm" in page }
        window.submit("/manageotp/confirm", "digits" to enrolling.digits)
        app.polled()
    }

    /** Signs in as far as the page that waits for the phone. */
    fun signsIn(): Window = gateway.signIn(name, "/demo")

    /** The same, and the row on the phone. */
    fun asks(app: Countersign): Pair<Window, ApprovalRow> {
        val window = signsIn()
        val open = { app.approvals().singleOrNull { it.canApprove } }
        return window to (1..POLLS).firstNotNullOf {
            app.polled(PATIENCE_S)
            open()
        }
    }

    private companion object {
        const val NAME = 8
        const val POLLS = 5
        const val PATIENCE_S = 10uL
    }
}

/** The digits that a page shows. */
val Window.digits: String get() = checkNotNull(words("class=\"figure\"")).filter(Char::isDigit)

/** Goes where the approved sign-in was on its way to. */
fun Window.finishes(): String {
    until("/login/wait") { "data-finish" in page }
    submit("/login/finish")
    return path
}
