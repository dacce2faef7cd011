package org.countersign.logic

import org.countersign.logic.text.Digits
import org.countersign.logic.text.Text

/** What only the platform can do. It answers, if at all, by an event of the screen that wished. */
sealed interface Wish {
    /** Puts a code on the clipboard, marked as sensitive, and takes it away again after [clearAfterS] seconds. */
    data class Copy(val digits: Digits, val clearAfterS: Int) : Wish

    /** Puts words on the clipboard that are no secret, such as the technical line of a notice. */
    data class CopyWords(val words: String) : Wish

    /** Says a word for a moment, and to a screen reader. */
    data class Say(val text: Text) : Wish

    /** Opens a page of the system's settings. */
    data class OpenSettings(val page: SettingsPage) : Wish

    /** Opens the page of a gateway, at this host and port, in the browser. */
    data class OpenPage(val host: String) : Wish

    /** Has the phone ask the person whether this app may notify; where it doesn't ask, nothing happens. */
    data object AskToNotify : Wish

    /** Lets the person pick a file. */
    data class PickFile(val kind: FileKind) : Wish

    /** Offers a file to other apps, or to be saved. It may hold secrets: nothing keeps a copy. */
    class Share(val name: String, val bytes: ByteArray) : Wish {
        override fun toString(): String = "Share($name)"
    }

    /** Opens the camera of the screen, or asks for the permission first. */
    data object OpenCamera : Wish

    /** Listens for a token at the phone's back, or stops to. */
    data class Reader(val on: Boolean) : Wish

    /** A pulse to be felt: something was read, done, or lost. */
    data class Vibrate(val pulse: Pulse) : Wish

    /** Several at once. */
    data class All(val wishes: List<Wish>) : Wish
}

/** A page of the system's settings. */
enum class SettingsPage { SCREEN_LOCK, APP, NOTIFICATIONS, BATTERY, DATE, NFC, LANGUAGE, STORAGE, STORE }

/** What a picked file is for. */
enum class FileKind { PICTURE, SEEDS }

/** A pulse to be felt. */
enum class Pulse { READ, DONE, LOST }
