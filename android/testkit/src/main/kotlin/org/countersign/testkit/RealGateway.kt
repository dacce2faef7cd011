package org.countersign.testkit

import java.io.File
import java.nio.file.Files

private const val PASSWORD = "staple-horse-battery-7"

/** A real gateway in a process of its own, on a port of localhost that stays the same when it is started again. */
class RealGateway(private vararg val settings: String) : AutoCloseable {
    private val program = File(System.getProperty("countersign.programs"), "countersign-gateway").path
    private val folder = Files.createTempDirectory("gateway").toFile()
    private var process: Process? = null

    /** Where it serves: `https://localhost:PORT`. */
    var url = ""
        private set

    init {
        start()
    }

    /** Serves, with what it had on disk. */
    fun start() {
        val listen = "127.0.0.1:${url.substringAfterLast(':', "0")}"
        val words = arrayOf("serve", "--listen", listen, "--sample-app", "true", "--name", "Gateway of the test")
        val begun = command(*words, *settings).redirectError(ProcessBuilder.Redirect.DISCARD).start()
        process = begun
        val line = begun.inputStream.bufferedReader().readLine().orEmpty()
        val said = checkNotNull(Regex("https://localhost:\\d+").find(line)) { "the gateway said $line" }
        url = said.value
    }

    /** Goes away at once, as a machine does that loses its power. */
    fun stop() {
        process?.destroyForcibly()?.waitFor()
        process = null
    }

    /** Makes a person; their voucher. */
    fun add(name: String): String = run("user", "add", name, "--password-stdin").trim().split(Regex("\\s+")).last()

    /** An administrator removes every device of a person. */
    fun removeDevices(name: String) {
        val ids = Regex("[A-Za-z0-9_-]{22}").findAll(run("device", "list", name)).map { it.value }.toSet()
        check(ids.isNotEmpty()) { "$name has no device" }
        ids.forEach { run("device", "remove", name, it) }
    }

    /** A browser whose person typed name and password on the way to [path]. */
    fun signIn(name: String, path: String): Window = Window(url).apply {
        goto(path)
        submit("/login", "name" to name, "password" to PASSWORD)
    }

    override fun close() {
        stop()
        folder.deleteRecursively()
    }

    private fun run(vararg words: String): String {
        val process = command(*words).redirectErrorStream(true).start()
        process.outputStream.use { it.write("$PASSWORD\n".toByteArray()) }
        val said = process.inputStream.bufferedReader().readText()
        check(process.waitFor() == 0) { "${words.first()}: $said" }
        return said
    }

    private fun command(vararg words: String) =
        ProcessBuilder(program, *words, "--data", File(folder, "data").path).apply {
            // It takes `COUNTERSIGN_…` for settings and refuses what it does not know.
            environment().keys.removeIf { it.startsWith("COUNTERSIGN_") }
        }
}
