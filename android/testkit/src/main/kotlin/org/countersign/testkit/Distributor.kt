package org.countersign.testkit

import com.sun.net.httpserver.HttpsConfigurator
import com.sun.net.httpserver.HttpsServer
import java.io.File
import java.net.HttpURLConnection
import java.net.InetSocketAddress
import java.nio.file.Files
import java.security.KeyStore
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import javax.net.ssl.KeyManagerFactory
import javax.net.ssl.SSLContext

private const val PASSWORD = "changeit"
private const val PATIENCE_S = 30L

/** Where bells go: a server of one's own on a free port of localhost, under a certificate of its own. */
class Distributor : AutoCloseable {
    private val folder = Files.createTempDirectory("distributor").toFile()
    private val bells = LinkedBlockingQueue<ByteArray>()
    private val server = HttpsServer.create(InetSocketAddress("127.0.0.1", 0), 0)

    /** PEM file with what its certificate ends in. */
    val roots: String = File(folder, "roots.pem").path

    val endpoint: String get() = "https://127.0.0.1:${server.address.port}/up/kotlin"

    init {
        val kept = File(folder, "key.p12")
        val key = "-genkeypair -alias bell -keyalg EC -groupname secp256r1 -dname CN=distributor -validity 2"
        keytool(*"$key -ext san=ip:127.0.0.1 -storetype PKCS12 -keystore $kept".split(' ').toTypedArray())
        keytool("-exportcert", "-rfc", "-alias", "bell", "-keystore", kept.path, "-file", roots)
        server.httpsConfigurator = HttpsConfigurator(serving(kept))
        server.createContext("/") { call ->
            bells += call.requestBody.readBytes()
            call.sendResponseHeaders(HttpURLConnection.HTTP_CREATED, -1)
            call.close()
        }
        server.start()
    }

    /** The body of the next bell. */
    fun rings(): ByteArray = checkNotNull(bells.poll(PATIENCE_S, TimeUnit.SECONDS)) { "no bell rang" }

    override fun close() {
        server.stop(0)
        folder.deleteRecursively()
    }

    private fun serving(kept: File): SSLContext {
        val store = KeyStore.getInstance("PKCS12").apply { kept.inputStream().use { load(it, PASSWORD.toCharArray()) } }
        val keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm())
        keys.init(store, PASSWORD.toCharArray())
        return SSLContext.getInstance("TLS").apply { init(keys.keyManagers, null, null) }
    }

    private fun keytool(vararg words: String) {
        val program = File(System.getProperty("java.home"), "bin/keytool").path
        val process = ProcessBuilder(program, *words, "-storepass", PASSWORD).redirectErrorStream(true).start()
        val said = process.inputStream.bufferedReader().readText()
        check(process.waitFor() == 0) { said }
    }
}
