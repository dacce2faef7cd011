package org.countersign.app.port

import android.app.Activity
import android.nfc.NfcAdapter
import android.nfc.Tag
import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import android.os.Bundle
import java.io.IOException
import org.countersign.bindings.LinkException
import org.countersign.bindings.TokenLinkPort

/** The time-out of every family that is written here: the link opens before it is known which one lies there. */
private const val TIMEOUT_MS = 3_000

/** How often the phone asks a token whether it is still there: seldom, so that it does not break into a long command. */
private const val PRESENCE_MS = 1_000

/** A token at the back of the phone, for as long as it lies there. */
class NfcLink private constructor(private val card: IsoDep) : TokenLinkPort {
    override fun transmit(command: ByteArray): ByteArray = try {
        card.transceive(command)
    } catch (_: TagLostException) {
        throw LinkException.Lost()
    } catch (_: SecurityException) {
        // The tag of an earlier touch.
        throw LinkException.Lost()
    } catch (_: IOException) {
        throw if (card.isConnected) LinkException.Late() else LinkException.Lost()
    }

    companion object {
        /** Opens [tag]; none where it does not speak ISO 7816-4, or left at once. */
        fun open(tag: Tag): NfcLink? {
            val card = IsoDep.get(tag) ?: return null
            return try {
                card.connect()
                card.timeout = TIMEOUT_MS
                NfcLink(card)
            } catch (_: IOException) {
                null
            }
        }
    }
}

/** What the phone's own reader is like. */
enum class ReaderState { MISSING, OFF, ON }

/** The phone's reader, while one of our screens is in front. No other app hears of a token meanwhile. */
class NfcReader(private val activity: Activity) {
    private val adapter: NfcAdapter? = NfcAdapter.getDefaultAdapter(activity)

    val state: ReaderState
        get() =
            when {
                adapter == null -> ReaderState.MISSING
                adapter.isEnabled -> ReaderState.ON
                else -> ReaderState.OFF
            }

    /** Calls [onLink] with each token that is held to the phone, on a thread that may wait. */
    fun listen(onLink: (NfcLink) -> Unit) {
        val options = Bundle().apply { putInt(NfcAdapter.EXTRA_READER_PRESENCE_CHECK_DELAY, PRESENCE_MS) }
        adapter?.enableReaderMode(activity, { tag -> NfcLink.open(tag)?.let(onLink) }, WHICH, options)
    }

    fun rest() {
        adapter?.disableReaderMode(activity)
    }

    private companion object {
        const val WHICH =
            NfcAdapter.FLAG_READER_NFC_A or NfcAdapter.FLAG_READER_NFC_B or NfcAdapter.FLAG_READER_SKIP_NDEF_CHECK
    }
}
