package org.countersign.logic.support

import kotlinx.coroutines.CompletableDeferred
import org.countersign.bindings.Algorithm
import org.countersign.bindings.BatchEntry
import org.countersign.bindings.BatchLine
import org.countersign.bindings.BatchRow
import org.countersign.bindings.BatchSeed
import org.countersign.bindings.CountersignException
import org.countersign.bindings.FileKey
import org.countersign.bindings.InputFault
import org.countersign.bindings.LedgerFile
import org.countersign.bindings.LedgerForm
import org.countersign.bindings.LedgerRow
import org.countersign.bindings.NoHandle
import org.countersign.bindings.RowFault
import org.countersign.bindings.SeedFault
import org.countersign.bindings.SeedFile
import org.countersign.bindings.SeedFileFault
import org.countersign.bindings.SeedFileKind
import org.countersign.bindings.SeedReading
import org.countersign.bindings.SeedRow
import org.countersign.bindings.TokenMoving
import org.countersign.bindings.TokenSeed
import org.countersign.logic.core.LedgerCalls
import org.countersign.logic.core.SeedsRead

fun seedRow(line: ULong) =
    SeedRow(line, null, null, "", "", "Example", "mara", TokenMoving.Time(30u, 0u), Algorithm.SHA1, 6u, 0u)

/** A list of tokens and batches in memory. */
class FakeLedger : LedgerCalls {
    var rows = emptyList<LedgerRow>()
    var batches = emptyList<BatchRow>()
    var entries = emptyList<BatchEntry>()
    var kind: SeedFileKind? = SeedFileKind.PSKC
    var isSealed = false

    /** What keeping a batch waits for; none for at once. */
    var waits: CompletableDeferred<Unit>? = null
    var fails: CountersignException? = null
    val written = mutableListOf<LedgerForm>()

    private fun tried() {
        fails?.let { throw it }
    }

    override suspend fun ledger(batch: ULong?): List<LedgerRow> {
        tried()
        return rows
    }

    override suspend fun write(form: LedgerForm): LedgerFile {
        tried()
        written += form
        return LedgerFile("a file".toByteArray(), emptyList(), 0u, emptyList())
    }

    override suspend fun remove(row: ULong) {
        tried()
        rows = rows.filter { it.id != row }
    }

    override suspend fun batches(): List<BatchRow> {
        tried()
        return batches
    }

    override suspend fun batch(id: ULong): List<BatchEntry> {
        tried()
        return entries
    }

    override suspend fun seedFor(batch: ULong, serial: String): BatchSeed {
        if (serial.isEmpty()) throw CountersignException.Input(InputFault.BatchRow(RowFault.NoneLeft))
        return BatchSeed(TokenSeed(NoHandle), BatchLine(batch, 2u))
    }

    override suspend fun giveBack(line: BatchLine) = tried()

    override suspend fun keep(name: String, file: SeedFile): ULong {
        tried()
        waits?.await()
        batches = batches + BatchRow(5u, name, NOW, 2u, 0u)
        return 5u
    }

    override suspend fun forget(batch: ULong) {
        tried()
        batches = batches.filter { it.id != batch }
    }

    override fun kindOf(file: ByteArray) = kind

    override suspend fun read(file: ByteArray, kind: SeedFileKind, reading: SeedReading?, key: FileKey): SeedsRead {
        if (isSealed &&
            key !is FileKey.Password
        ) {
            throw CountersignException.Input(InputFault.Seed(SeedFault.PasswordNeeded))
        }
        return SeedsRead(SeedFile(NoHandle), listOf(seedRow(1u), seedRow(2u)), listOf(SeedFileFault(3u, "rule")))
    }
}
