package org.countersign.logic.bell

import java.security.MessageDigest

/** How far a distributor is with one enrolment. */
enum class Stands {
    /** It was asked, and has not answered. */
    ASKED,

    /** Its endpoint is the gateway's to ring. */
    SET,

    /** It gave an endpoint, and the gateway doesn't send there. */
    REFUSED,

    /** It wants something of the person first. */
    WAITS,

    /** It could not, or ended it. */
    FAILED,

    /** It says that it delivers nothing at the moment. */
    AWAY,
}

/**
 * What was asked of a distributor for one enrolment. Its endpoint is kept by the core alone, sealed. It prints no token: by it a
 * distributor proves that a broadcast is its own.
 */
data class Subscription(
    val gateway: String,
    val token: String,
    val distributor: String,
    /** The key that the gateway rings with, as it was told to the distributor. */
    val vapid: String?,
    val stands: Stands,
    /** When it was asked last, in Unix time. */
    val asked: ULong,
) {
    /** As it is kept, in one line. */
    fun save(): String = listOf(gateway, token, distributor, vapid.orEmpty(), stands.name, "$asked").joinToString("\t")

    override fun toString(): String = "Subscription($gateway, $distributor, $stands)"

    companion object {
        private const val PARTS = 6

        /** What [save] wrote; nothing for what another version wrote. */
        fun read(line: String): Subscription? {
            val parts = line.split('\t')
            if (parts.size != PARTS) return null
            val stands = Stands.entries.find { it.name == parts[4] } ?: return null
            val asked = parts[5].toULongOrNull() ?: return null
            return Subscription(parts[0], parts[1], parts[2], parts[3].ifEmpty { null }, stands, asked)
        }
    }
}

/** The subscription that a token is of, compared in constant time; none for a stranger's. */
fun List<Subscription>.by(token: String?): Subscription? {
    if (!isToken(token)) return null
    val said = token.orEmpty().toByteArray()
    return firstOrNull { MessageDigest.isEqual(it.token.toByteArray(), said) }
}

/** What a distributor's word makes of its subscription. */
fun Subscription.on(heard: Heard, now: ULong): Subscription = when (heard) {
    // It is the gateway's to ring only when the core has it.
    is Heard.Endpoint -> if (stands == Stands.SET) this else copy(stands = Stands.ASKED, asked = now)

    // Asked again for good measure, it fails: what it gave before goes on.
    is Heard.Failed -> if (stands == Stands.SET) this else copy(stands = heard.why.stands(), asked = now)

    Heard.Unregistered -> copy(stands = Stands.FAILED, asked = now)

    Heard.Away -> copy(stands = Stands.AWAY, asked = now)

    is Heard.Rang -> if (stands == Stands.AWAY) copy(stands = Stands.SET) else this
}

private fun Why.stands() = if (this == Why.WAITS) Stands.WAITS else Stands.FAILED
