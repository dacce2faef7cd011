package org.countersign.testkit

import java.net.Socket
import java.net.URI
import java.net.URLEncoder
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.security.SecureRandom
import java.security.cert.X509Certificate
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLEngine
import javax.net.ssl.X509ExtendedTrustManager

private const val STEPS = 10
private const val LOOKS = 300
private const val PAUSE_MS = 200L

/** A browser without a screen: cookies, redirects, forms. It trusts every certificate. */
class Window(val url: String) {
    private val cookies = mutableMapOf<String, String>()

    /** The path of the page that is shown. */
    var path = "/"
        private set
    var page = ""
        private set

    fun goto(path: String) = take(path, null)

    /** Sends the page's form to [action], with its hidden fields. */
    fun submit(action: String, vararg fields: Pair<String, String>) {
        val form = Regex(
            "<form[^>]*action=\"${Regex.escape(action)}\".*?</form>",
            RegexOption.DOT_MATCHES_ALL,
        ).find(page)
        val words = checkNotNull(form) { "no form $action at $path: $page" }.value
        val hidden = Regex("type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"").findAll(words)
        val all = hidden.map { it.groupValues[1] to plain(it.groupValues[2]) }.toMap() + fields
        take(action, all.entries.joinToString("&") { (name, value) -> "${encoded(name)}=${encoded(value)}" })
    }

    /** The text of the element that has this [mark] in its tag. */
    fun words(mark: String): String? {
        val found = Regex("<(\\w+)[^>]*$mark[^>]*>(.*?)</\\1>", RegexOption.DOT_MATCHES_ALL).find(page)
        return found?.let { plain(it.groupValues[2].replace(Regex("<[^>]*>"), "")).trim() }
    }

    /** Looks at a page until it shows what is waited for. */
    fun until(path: String, isThere: Window.() -> Boolean) {
        repeat(LOOKS) {
            goto(path)
            if (isThere()) return
            Thread.sleep(PAUSE_MS)
        }
        error("$path did not come to it: $page")
    }

    /** The QR code that the page draws: for each row, which modules are dark. */
    fun qr(): List<BooleanArray> {
        val drawn =
            Regex("<svg class=\"qr\" viewBox=\"0 0 (\\d+) \\d+\".*?<path d=\"([^\"]*)\"", RegexOption.DOT_MATCHES_ALL)
        val (side, path) = checkNotNull(drawn.find(page)) { "no code at ${this.path}" }.destructured
        val rows = List(side.toInt()) { BooleanArray(side.toInt()) }
        for (run in Regex("M(\\d+) (\\d+)h(\\d+)v1h-\\d+z").findAll(path)) {
            val (x, y, length) = run.destructured
            rows[y.toInt()].fill(true, x.toInt(), x.toInt() + length.toInt())
        }
        return rows
    }

    private fun take(to: String, body: String?) {
        var (where, sent) = to to body
        repeat(STEPS) {
            val reply = client.send(request(where, sent), HttpResponse.BodyHandlers.ofString())
            reply.headers().allValues("set-cookie").forEach(::keep)
            if (reply.statusCode() !in REDIRECTS) {
                path = where.substringBefore('?')
                page = reply.body()
                return
            }
            val next = reply.uri().resolve(reply.headers().firstValue("location").orElseThrow())
            where = next.rawPath + next.rawQuery?.let { "?$it" }.orEmpty()
            sent = null
        }
        error("$to led in a circle")
    }

    private fun request(path: String, body: String?): HttpRequest {
        val request = HttpRequest.newBuilder(URI(url + path))
        if (cookies.isNotEmpty()) {
            request.header("Cookie", cookies.entries.joinToString("; ") { (name, value) -> "$name=$value" })
        }
        if (body != null) {
            request.POST(HttpRequest.BodyPublishers.ofString(body))
            request.header("Content-Type", "application/x-www-form-urlencoded").header("Origin", url)
        }
        return request.build()
    }

    private fun keep(cookie: String) {
        val (name, value) = cookie.substringBefore(';').split('=', limit = 2)
        if (value.isEmpty()) cookies.remove(name) else cookies[name] = value
    }

    private fun encoded(text: String) = URLEncoder.encode(text, "UTF-8")

    private fun plain(html: String) =
        html.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#39;", "'").replace("&lt;", "<")
            .replace("&gt;", ">").replace("&#38;", "&").replace("&amp;", "&")

    private companion object {
        val REDIRECTS = 300..399

        val client: HttpClient = HttpClient.newBuilder()
            .sslContext(SSLContext.getInstance("TLS").apply { init(null, arrayOf(TrustsAll), SecureRandom()) })
            .build()
    }
}

private object TrustsAll : X509ExtendedTrustManager() {
    override fun checkClientTrusted(chain: Array<X509Certificate>, kind: String) = Unit

    override fun checkClientTrusted(chain: Array<X509Certificate>, kind: String, socket: Socket?) = Unit

    override fun checkClientTrusted(chain: Array<X509Certificate>, kind: String, engine: SSLEngine?) = Unit

    override fun checkServerTrusted(chain: Array<X509Certificate>, kind: String) = Unit

    override fun checkServerTrusted(chain: Array<X509Certificate>, kind: String, socket: Socket?) = Unit

    override fun checkServerTrusted(chain: Array<X509Certificate>, kind: String, engine: SSLEngine?) = Unit

    override fun getAcceptedIssuers(): Array<X509Certificate> = emptyArray()
}
