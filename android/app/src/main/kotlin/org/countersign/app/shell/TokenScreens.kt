package org.countersign.app.shell

import android.app.Activity
import android.os.Handler
import android.os.Looper
import kotlinx.coroutines.CoroutineScope
import org.countersign.app.port.Files
import org.countersign.app.port.NfcReader
import org.countersign.app.port.Pick
import org.countersign.app.port.Taken
import org.countersign.app.screen.BatchDrawing
import org.countersign.app.screen.BatchesDrawing
import org.countersign.app.screen.BurnDrawing
import org.countersign.app.screen.LedgerDrawing
import org.countersign.bindings.TokenLinkPort
import org.countersign.logic.Keep
import org.countersign.logic.Notice
import org.countersign.logic.Now
import org.countersign.logic.Outside
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.burn.BatchEvent
import org.countersign.logic.burn.BatchLogic
import org.countersign.logic.burn.BatchesEvent
import org.countersign.logic.burn.BatchesLogic
import org.countersign.logic.burn.BurnEvent
import org.countersign.logic.burn.BurnLogic
import org.countersign.logic.burn.Burning
import org.countersign.logic.burn.LedgerEvent
import org.countersign.logic.burn.LedgerLogic
import org.countersign.logic.core.LedgerCalls
import org.countersign.logic.core.TokenCalls
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.countersign.logic.text.Say

/** Writing hardware tokens: one, many, and the list of them. */
internal class TokenScreens(
    private val activity: Activity,
    private val scope: CoroutineScope,
    private val tokens: TokenCalls,
    private val ledger: LedgerCalls,
    private val keep: Keep,
    private val now: Now,
    private val files: Files,
    private val outside: Outside,
) {
    private val reader = NfcReader(activity)

    /** The row of a batch that is written next: handed over in memory, since a route names no seed. */
    private var handed: Burning? = null

    fun of(route: Route): Shown<*, *>? = when (route) {
        is Route.Burn -> burn(route.account)
        Route.Ledger -> ledger()
        Route.Batches -> batches()
        is Route.Batch -> batch(route.batch)
        else -> null
    }

    private fun burn(account: ULong?): Shown<*, *> {
        val row = handed.takeIf { account == null }.also { handed = null }
        // The process died in the middle of a batch: its row is taken anew.
        if (account == null && row == null) return batches()
        val near = Near(reader, outside)
        return Shown(
            scope,
            near,
            BurnLogic(account, row, tokens, keep, now),
            BurnEvent.Tick,
            BurnEvent.Changed,
            onEnd = near::rest,
        ) { send ->
            near.onLink = { send(BurnEvent.Link(it)) }
            BurnDrawing(activity, reader::state, { outside.wish(Wish.OpenSettings(SettingsPage.NFC)) }, send)
        }
    }

    private fun ledger() = Shown(scope, outside, LedgerLogic(ledger), tick = null, LedgerEvent.Changed) { send ->
        LedgerDrawing(activity, ::back, send)
    }

    private fun batches(): Shown<*, *> {
        val nobody = { files.await(Pick.SEEDS, null) }
        val picking = Picking(files, Pick.SEEDS, outside)
        return Shown(scope, picking, BatchesLogic(ledger), null, BatchesEvent.Changed, onEnd = nobody) { send ->
            files.await(Pick.SEEDS) { send(fileOf(it)) }
            BatchesDrawing(activity, ::back, send)
        }
    }

    private fun batch(id: ULong) =
        Shown(scope, outside, BatchLogic(id, ledger) { handed = it }, tick = null, BatchEvent.Changed) { send ->
            BatchDrawing(activity, ::back, send)
        }

    private fun back() = outside.go(Go.Back)
}

/** Listens for tokens as the screen wishes; all else goes on as it is. */
private class Near(private val reader: NfcReader, private val outside: Outside) : Outside {
    var onLink: (TokenLinkPort) -> Unit = {}
    private val main = Handler(Looper.getMainLooper())

    override fun go(go: Go) = outside.go(go)

    override fun wish(wish: Wish) = when (wish) {
        is Wish.All -> wish.wishes.forEach(::wish)
        is Wish.Reader -> if (wish.on) listen() else rest()
        else -> outside.wish(wish)
    }

    private fun listen() = reader.listen { link -> main.post { onLink(link) } }

    fun rest() = reader.rest()
}

private fun fileOf(taken: Taken): BatchesEvent = when (taken) {
    is Taken.Bytes -> BatchesEvent.Picked(taken.bytes)
    Taken.TooLarge -> BatchesEvent.Failed(Notice(Say.phoneBatchFileLarge))
    Taken.Gone -> BatchesEvent.Failed(Notice(Say.phoneBatchFileGone))
}
