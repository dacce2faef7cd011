package org.countersign.app.port

import java.security.KeyStore
import javax.net.ssl.TrustManagerFactory
import javax.net.ssl.X509TrustManager

/** The certificates that this phone trusts, in DER. */
fun platformRoots(): List<ByteArray> {
    val managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm())
    managers.init(null as KeyStore?)
    return managers.trustManagers
        .filterIsInstance<X509TrustManager>()
        .flatMap { it.acceptedIssuers.asList() }
        .map { it.encoded }
}
