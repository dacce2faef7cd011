package org.countersign.testkit

import java.io.File
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.cert.Certificate
import java.security.cert.CertificateFactory
import java.security.spec.ECGenParameterSpec
import java.util.Base64

private val DESCRIPTION = byteArrayOf(0x2B, 6, 1, 4, 1, 0xD6.toByte(), 0x79, 2, 1, 0x11)
private val BASIC_CONSTRAINTS = byteArrayOf(0x55, 0x1D, 0x13)
private val KEY_USAGE = byteArrayOf(0x55, 0x1D, 0x0F)
private val COMMON_NAME = byteArrayOf(0x55, 4, 3)
private val ECDSA_SHA256 = byteArrayOf(0x2A, 0x86.toByte(), 0x48, 0xCE.toByte(), 0x3D, 4, 3, 2)
private val TRUE = tlv(1, byteArrayOf(0xFF.toByte()))
private val ALGORITHM = tlv(0x30, tlv(6, ECDSA_SHA256))
private val VALIDITY = tlv(0x30, tlv(0x17, "200101000000Z".toByteArray()), tlv(0x17, "400101000000Z".toByteArray()))

/** A maker of phones, whose root signs what the trusted environment of each of them writes of its keys. */
class Maker {
    private val root = newPair()
    private val own = certificate("A maker", root, "A maker", root, authority())

    /** The root as a PEM file, for a gateway that believes it. */
    val roots: File = File.createTempFile("roots", ".pem").apply {
        deleteOnExit()
        val lines = Base64.getMimeEncoder(64, "\n".toByteArray()).encodeToString(own.encoded)
        writeText("-----BEGIN CERTIFICATE-----\n$lines\n-----END CERTIFICATE-----\n")
    }

    /** What is written of [key] for [challenge], its own certificate first. */
    internal fun attest(key: KeyPair, challenge: ByteArray, asks: Boolean): Array<Certificate> {
        val leaf = certificate("A key", key, "A maker", root, signs() + described(challenge, asks))
        return arrayOf(leaf, own)
    }
}

/** What the platform keeps beside a key that nothing is written of: a certificate by itself. */
internal fun ofItself(key: KeyPair): Array<Certificate> = arrayOf(certificate("A key", key, "A key", key, signs()))

internal fun newPair(): KeyPair = KeyPairGenerator.getInstance("EC", "SunEC").run {
    initialize(ECGenParameterSpec("secp256r1"))
    generateKeyPair()
}

private fun authority() = extension(BASIC_CONSTRAINTS, tlv(0x30, TRUE)) + extension(KEY_USAGE, bits(2, 0x04))

private fun signs() = extension(KEY_USAGE, bits(7, 0x80))

/** `KeyDescription` of a key that was made in the trusted environment, to sign. */
private fun described(challenge: ByteArray, asks: Boolean): ByteArray {
    val user = if (asks) tagged(504, number(3)) else tagged(503, tlv(5))
    val rules = tlv(0x30, tlv(0xA1, tlv(0x31, number(2))), tlv(0xA2, number(3)), user, tagged(702, number(0)))
    val levels = number(44) + tlv(10, byteArrayOf(1))
    return extension(DESCRIPTION, tlv(0x30, levels, levels, tlv(4, challenge), tlv(4), tlv(0x30), rules), null)
}

private fun certificate(
    subject: String,
    key: KeyPair,
    issuer: String,
    by: KeyPair,
    extensions: ByteArray,
): Certificate {
    val head = tlv(0xA0, number(2)) + number(1) + ALGORITHM
    val names = name(issuer) + VALIDITY + name(subject)
    val body = tlv(0x30, head, names, key.public.encoded, tlv(0xA3, tlv(0x30, extensions)))
    val signature = Signature.getInstance("SHA256withECDSA", "SunEC").run {
        initSign(by.private)
        update(body)
        sign()
    }
    val der = tlv(0x30, body, ALGORITHM, tlv(3, byteArrayOf(0) + signature))
    return CertificateFactory.getInstance("X.509", "SUN").generateCertificate(der.inputStream())
}

private fun name(text: String) = tlv(0x30, tlv(0x31, tlv(0x30, tlv(6, COMMON_NAME), tlv(12, text.toByteArray()))))

private fun extension(id: ByteArray, value: ByteArray, critical: ByteArray? = TRUE) =
    tlv(0x30, tlv(6, id), critical ?: byteArrayOf(), tlv(4, value))

private fun number(value: Int) = tlv(2, byteArrayOf(value.toByte()))

private fun bits(unused: Int, value: Int) = tlv(3, byteArrayOf(unused.toByte(), value.toByte()))

private fun tagged(tag: Int, content: ByteArray) =
    byteArrayOf(0xBF.toByte(), (0x80 or (tag shr 7)).toByte(), (tag and 0x7F).toByte(), content.size.toByte()) + content

private fun tlv(tag: Int, vararg parts: ByteArray): ByteArray {
    val content = parts.fold(byteArrayOf(), ByteArray::plus)
    val size = content.size
    val length = when {
        size < 0x80 -> byteArrayOf()
        size <= 0xFF -> byteArrayOf(0x81.toByte())
        else -> byteArrayOf(0x82.toByte(), (size shr 8).toByte())
    }
    return byteArrayOf(tag.toByte()) + length + size.toByte() + content
}
