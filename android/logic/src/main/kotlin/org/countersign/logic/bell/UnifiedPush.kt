package org.countersign.logic.bell

/** The broadcasts between an app and a distributor (UnifiedPush for Android, AND_3): their names, and what comes in them. */
object UnifiedPush {
    const val REGISTER = "org.unifiedpush.android.distributor.REGISTER"
    const val UNREGISTER = "org.unifiedpush.android.distributor.UNREGISTER"
    const val MESSAGE_ACK = "org.unifiedpush.android.distributor.MESSAGE_ACK"
    const val NEW_ENDPOINT = "org.unifiedpush.android.connector.NEW_ENDPOINT"
    const val REGISTRATION_FAILED = "org.unifiedpush.android.connector.REGISTRATION_FAILED"
    const val UNREGISTERED = "org.unifiedpush.android.connector.UNREGISTERED"
    const val TEMP_UNAVAILABLE = "org.unifiedpush.android.connector.TEMP_UNAVAILABLE"
    const val MESSAGE = "org.unifiedpush.android.connector.MESSAGE"

    const val TOKEN = "token"
    const val ENDPOINT = "endpoint"
    const val REASON = "reason"
    const val BYTES = "bytesMessage"
    const val ID = "id"
    const val VAPID = "vapid"
    const val WORDS = "message"
    const val WHO = "pi"
}

/** What a distributor says. Its token was not looked at yet: anybody can send a broadcast. */
sealed interface Heard {
    /** Bells for this token go there. It prints nothing: whoever knows it can ring. */
    class Endpoint(val endpoint: String) : Heard

    data class Failed(val why: Why) : Heard

    data object Unregistered : Heard

    data object Away : Heard

    /** A message came; what is in it the core says. */
    class Rang(val body: ByteArray) : Heard
}

/** Why a registration failed. */
enum class Why {
    /** The distributor wants something of the person: to be opened, to be logged in. */
    WAITS,

    /** It could not, and may later. */
    LATER,
}

/** The longest that is taken: a token, an endpoint, a sealed body (push-v1, RFC 8291). */
private const val MOST_TOKEN = 100
private const val MOST_ENDPOINT = 1000
private const val MOST_BODY = 4096

/** What a broadcast says; none for what is not of the form. */
fun heard(action: String?, endpoint: String?, reason: String?, body: ByteArray?): Heard? = when (action) {
    UnifiedPush.NEW_ENDPOINT -> endpoint?.takeIf(::isEndpoint)?.let { Heard.Endpoint(it) }
    UnifiedPush.REGISTRATION_FAILED -> Heard.Failed(if (reason == "ACTION_REQUIRED") Why.WAITS else Why.LATER)
    UnifiedPush.UNREGISTERED -> Heard.Unregistered
    UnifiedPush.TEMP_UNAVAILABLE -> Heard.Away
    UnifiedPush.MESSAGE -> body?.takeIf { it.size in 1..MOST_BODY }?.let { Heard.Rang(it) }
    else -> null
}

private fun isEndpoint(words: String) = words.startsWith("https://") && words.length <= MOST_ENDPOINT

/** Whether [said] is a token that could be ours. */
fun isToken(said: String?): Boolean = said != null && said.length in 1..MOST_TOKEN
