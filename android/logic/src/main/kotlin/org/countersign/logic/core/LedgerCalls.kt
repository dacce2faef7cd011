package org.countersign.logic.core

import org.countersign.bindings.BatchEntry
import org.countersign.bindings.BatchLine
import org.countersign.bindings.BatchRow
import org.countersign.bindings.BatchSeed
import org.countersign.bindings.Countersign
import org.countersign.bindings.FileKey
import org.countersign.bindings.LedgerFile
import org.countersign.bindings.LedgerForm
import org.countersign.bindings.LedgerRow
import org.countersign.bindings.SeedFile
import org.countersign.bindings.SeedFileFault
import org.countersign.bindings.SeedFileKind
import org.countersign.bindings.SeedReading
import org.countersign.bindings.SeedRow
import org.countersign.bindings.seedFileKind

/** A file of seeds that was read: what can be burned, and what cannot. */
class SeedsRead(val file: SeedFile, val rows: List<SeedRow>, val faults: List<SeedFileFault>)

/** What screens ask of the core about the ledger and batches of tokens. */
interface LedgerCalls {
    suspend fun ledger(batch: ULong?): List<LedgerRow>

    suspend fun write(form: LedgerForm): LedgerFile

    suspend fun remove(row: ULong)

    suspend fun batches(): List<BatchRow>

    suspend fun batch(id: ULong): List<BatchEntry>

    /** The row of a batch for the token of this serial number. */
    suspend fun seedFor(batch: ULong, serial: String): BatchSeed

    /** Gives a row back, as when its token turned out broken. */
    suspend fun giveBack(line: BatchLine)

    suspend fun keep(name: String, file: SeedFile): ULong

    suspend fun forget(batch: ULong)

    /** The kind that a file of seeds looks like; none where a person must say. */
    fun kindOf(file: ByteArray): SeedFileKind?

    suspend fun read(file: ByteArray, kind: SeedFileKind, reading: SeedReading?, key: FileKey): SeedsRead
}

internal class BoundLedger(private val app: Countersign) : LedgerCalls {
    override suspend fun ledger(batch: ULong?) = app.ledger(batch)

    override suspend fun write(form: LedgerForm) = app.writeLedger(null, form)

    override suspend fun remove(row: ULong) = app.removeLedgerRow(row)

    override suspend fun batches() = app.batches()

    override suspend fun batch(id: ULong) = app.batch(id)

    override suspend fun seedFor(batch: ULong, serial: String) = app.batchSeed(batch, serial)

    override suspend fun giveBack(line: BatchLine) = app.giveBack(line)

    override suspend fun keep(name: String, file: SeedFile) = app.keepBatch(name, file)

    override suspend fun forget(batch: ULong) = app.forgetBatch(batch)

    override fun kindOf(file: ByteArray) = seedFileKind(file)

    override suspend fun read(file: ByteArray, kind: SeedFileKind, reading: SeedReading?, key: FileKey): SeedsRead {
        val read = app.readSeedFile(file, kind, reading, key)
        return SeedsRead(read, read.rows(), read.faults())
    }
}
