package org.countersign.logic.core

import org.countersign.bindings.Countersign
import org.countersign.bindings.Frame
import org.countersign.bindings.Known
import org.countersign.bindings.NewAccount
import org.countersign.bindings.OutgoingTransfer
import org.countersign.bindings.Scanned
import org.countersign.bindings.Transfer
import org.countersign.bindings.TransferAdded
import org.countersign.bindings.TransferPart
import org.countersign.bindings.TransferProgress
import org.countersign.bindings.TransferRow
import org.countersign.bindings.cancelling
import org.countersign.logic.Secret

/** What screens ask of the core about what was scanned, pasted or picked. Nothing is stored by looking. */
interface ScanCalls {
    suspend fun frame(frame: Frame): List<Scanned>

    suspend fun picture(file: ByteArray): List<Scanned>

    fun text(bytes: ByteArray): Scanned

    suspend fun known(accounts: List<NewAccount>): List<Known>

    /** A transfer of which nothing was read. */
    fun transfer(): TransferCalls

    /** These accounts as a transfer for another phone. Takes a key derivation. */
    suspend fun export(ids: List<ULong>, passphrase: Secret): OutgoingTransfer
}

/** Google's transfer of many accounts, under way. */
interface TransferCalls {
    fun add(part: TransferPart): TransferAdded

    fun progress(): TransferProgress

    /** What each account would come to. */
    suspend fun rows(): List<TransferRow>

    /** Adds them in one step; [partly] says that the person knows that parts are missing. */
    suspend fun import(partly: Boolean): List<TransferRow>
}

internal class BoundScans(private val app: Countersign) : ScanCalls {
    override suspend fun frame(frame: Frame) = app.scanFrame(frame)

    override suspend fun picture(file: ByteArray) = app.scanPicture(file)

    override fun text(bytes: ByteArray) = app.scanText(bytes)

    override suspend fun known(accounts: List<NewAccount>) = app.knownAccounts(accounts)

    override fun transfer(): TransferCalls = BoundTransfer(app, Transfer())

    override suspend fun export(ids: List<ULong>, passphrase: Secret): OutgoingTransfer =
        app.exportTransfer(ids, cancelling { app.prove(passphrase.expose(), it) })
}

private class BoundTransfer(private val app: Countersign, private val transfer: Transfer) : TransferCalls {
    override fun add(part: TransferPart) = transfer.add(part)

    override fun progress() = transfer.progress()

    override suspend fun rows() = app.transferRows(transfer)

    override suspend fun import(partly: Boolean) = app.importTransfer(transfer, partly)
}
