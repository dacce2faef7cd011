package org.countersign.bench

import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.countersign.bindings.AccountKind
import org.countersign.bindings.AccountQuery
import org.countersign.bindings.AddOutcome
import org.countersign.bindings.Algorithm
import org.countersign.bindings.Codes
import org.countersign.bindings.CodesWindow
import org.countersign.bindings.Countersign
import org.countersign.bindings.FfiConverterTypeCodes
import org.countersign.bindings.FfiConverterTypeCodesWindow
import org.countersign.bindings.NewAccount
import org.countersign.bindings.Sort
import org.countersign.support.MemoryKeystore
import org.countersign.support.makeVault

/** Calls of each kind before one is timed: the compiler of the JVM has seen them by then. */
private const val WARM = 150

private const val SEED_BYTES = 20
private const val TEN = 10

/**
 * `ListKt FOLDER ROWS WINDOW NOW`: a vault of ROWS accounts on the shipped library, asked for its list at NOW over JNA. For each line of
 * the input it does what the line names, and prints how many nanoseconds that took. `cargo xtask bench list` is at the other end.
 */
fun main(arguments: Array<String>) {
    val (folder, rows, window, now) = arguments
    val list = LongList(opened(Path.of(folder)), rows.toInt(), window.toULong(), now.toULong())
    val work = mapOf(
        "all" to list::all,
        "window" to list::window,
        "lift" to list::lift,
        "lift-window" to list::liftWindow,
    )
    repeat(WARM) { work.values.forEach { it() } }
    println("ready")
    while (true) {
        val name = readlnOrNull() ?: return
        val ask = work.getValue(name)
        val start = System.nanoTime()
        val seen = ask()
        val took = System.nanoTime() - start
        check(seen == if (name.endsWith("window")) window.toInt() else rows.toInt()) { "$name: $seen rows" }
        println(took)
    }
}

private fun opened(folder: Path): Countersign {
    val (own, shared) = listOf("private", "shared").map { Files.createDirectories(folder.resolve(it)).toString() }
    return Countersign.open(own, shared, emptyList(), MemoryKeystore(), null).also { it.makeVault() }
}

/** Each call says how many rows it saw. */
private class LongList(private val app: Countersign, rows: Int, private val count: ULong, private val now: ULong) {
    private val lowered: ByteBuffer
    private val loweredWindow: ByteBuffer

    init {
        val added = runBlocking { app.addAccounts(List(rows, ::account)) }
        check(added.all { it is AddOutcome.Added }) { "not every account was added" }
        lowered = codes().let { codes ->
            buffer(FfiConverterTypeCodes.allocationSize(codes)) { FfiConverterTypeCodes.write(codes, it) }
        }
        loweredWindow = first().let { codes ->
            buffer(FfiConverterTypeCodesWindow.allocationSize(codes)) { FfiConverterTypeCodesWindow.write(codes, it) }
        }
    }

    /** The whole way: the core, its buffer, JNA, and rows in Kotlin. */
    fun all(): Int = codes().rows.size

    fun window(): Int = first().rows.size

    /** Rows in Kotlin out of a buffer, and nothing else. */
    fun lift(): Int = FfiConverterTypeCodes.read(lowered.duplicate()).rows.size

    fun liftWindow(): Int = FfiConverterTypeCodesWindow.read(loweredWindow.duplicate()).rows.size

    private fun codes(): Codes = app.view(EVERY, now)

    private fun first(): CodesWindow = app.viewWindow(EVERY, now, 0UL, count)

    private fun buffer(most: ULong, write: (ByteBuffer) -> Unit): ByteBuffer =
        ByteBuffer.allocateDirect(most.toInt()).also(write).flip()
}

private val EVERY = AccountQuery(search = "", group = null, tag = null, favourites = false, sort = Sort.MANUAL)

/** As in the other half: 90 % with thirty seconds, the rest with others, and some that are counted. */
private fun account(n: Int) = NewAccount(
    issuer = "Issuer ${n % 200}",
    name = "alice$n@example.com",
    note = "",
    kind = kind(n),
    algorithm = Algorithm.SHA1,
    digits = 6u,
    secret = ByteArray(SEED_BYTES) { (n shr it % Int.SIZE_BITS).toByte() },
    pin = null,
)

private fun kind(n: Int) = when (n % (4 * TEN)) {
    0 -> AccountKind.Totp(period = 15u, start = 0u)
    1 -> AccountKind.Totp(period = 60u, start = 0u)
    2 -> AccountKind.Totp(period = 120u, start = 0u)
    3 -> AccountKind.Hotp(counter = 0u)
    else -> AccountKind.Totp(period = 30u, start = 0u)
}
