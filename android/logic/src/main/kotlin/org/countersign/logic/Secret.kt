package org.countersign.logic

/** What a person typed and nobody else may see: a passphrase, a PIN, a key. It prints nothing. */
class Secret(private val bytes: ByteArray) {
    /** The bytes, for the call that takes them. */
    fun expose(): ByteArray = bytes

    val isEmpty: Boolean get() = bytes.isEmpty()

    fun isSameAs(other: Secret): Boolean = bytes.contentEquals(other.bytes)

    /** Another with the same bytes, for a call that wipes its own. */
    fun copy(): Secret = Secret(bytes.copyOf())

    /** Overwrites the bytes; the secret is empty words from then on. */
    fun wipe() = bytes.fill(0)

    override fun toString(): String = "Secret(..)"
}
