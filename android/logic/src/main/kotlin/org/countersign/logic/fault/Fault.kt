package org.countersign.logic.fault

import kotlinx.coroutines.CancellationException
import org.countersign.bindings.CountersignException
import org.countersign.bindings.InternalException
import org.countersign.bindings.PortFault
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.text.Say

/**
 * Asks the core, and hands on what went wrong as what is said of it. Nothing is said where the person stopped it: [failed]
 * gets none then.
 */
suspend fun <E> asking(failed: (Notice?) -> E, call: suspend () -> E): E = try {
    call()
} catch (fault: CountersignException) {
    failed(noticeOf(fault))
} catch (stop: CancellationException) {
    throw stop
} catch (fault: InternalException) {
    // A panic that was caught on its way: its words are for us.
    failed(Notice(Say.errorInternal, detail = "Internal: ${fault.javaClass.simpleName}"))
}

/** What is said of [fault], and what can be done about it; none of what the person stopped. */
fun noticeOf(fault: CountersignException): Notice? {
    val said =
        when (fault) {
            is CountersignException.Input -> inputNotice(fault.fault)
            is CountersignException.Gateway -> gatewayNotice(fault.fault)
            is CountersignException.Port -> portNotice(fault.fault) ?: return null
            is CountersignException.Token -> tokenNotice(fault.fault) ?: return null
            is CountersignException.Burn -> burnNotice(fault.fault)
            is CountersignException.Internal -> Notice(Say.errorInternal)
        }
    // The message holds names and numbers, never input.
    return said.copy(detail = said.detail ?: "${fault.javaClass.simpleName}: ${fault.message}")
}

/** The platform failed; none where the person stopped it. */
fun portNotice(fault: PortFault): Notice? = when (fault) {
    PortFault.CANCELLED -> null
    PortFault.INTERRUPTED -> Notice(Say.errorInterrupted, Act.RETRY)
    PortFault.UNAVAILABLE -> Notice(Say.phoneUnavailable)
    PortFault.LOCKED -> Notice(Say.phoneKeystoreLocked, Act.RETRY)
    PortFault.DISK_FULL -> Notice(Say.errorDiskFull, Act.FREE_SPACE)
    PortFault.DENIED -> Notice(Say.errorFileDenied)
    PortFault.DISK -> Notice(Say.errorDisk, Act.RETRY)
    PortFault.BUSY -> Notice(Say.phoneBusy, Act.RETRY)
    PortFault.MEMORY -> Notice(Say.errorMemory, Act.RETRY)
    PortFault.NETWORK -> Notice(Say.errorNetwork, Act.CHECK_NETWORK)
    PortFault.TIMEOUT -> Notice(Say.errorTimeout, Act.RETRY)
    PortFault.TLS -> Notice(Say.errorTls)
    PortFault.TOO_LARGE -> Notice(Say.errorTooLarge)
    PortFault.USER_REFUSED -> Notice(Say.phoneUserRefused, Act.RETRY)
    PortFault.KEY_GONE -> Notice(Say.errorKeyGone, Act.ENROL_AGAIN)
    PortFault.FAILED -> Notice(Say.errorFailed)
}
