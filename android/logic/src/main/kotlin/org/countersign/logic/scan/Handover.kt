package org.countersign.logic.scan

import org.countersign.bindings.PageCode
import org.countersign.bindings.TransferPart
import org.countersign.logic.core.ScanCalls
import org.countersign.logic.core.TransferCalls

/** What a scan leaves for the screen after it. In memory alone: after the process died it is scanned again. */
class Handover(private val scans: ScanCalls) : Handed {
    var enrolment: Found.Enrolment? = null
        private set
    var offline: Found.Offline? = null
        private set

    private var seen: Pair<String, PageCode>? = null

    override var transfer: TransferCalls = scans.transfer()
        private set

    override fun enrolment(found: Found.Enrolment) {
        enrolment = found
    }

    override fun offline(found: Found.Offline) {
        offline = found
    }

    override fun page(id: String, page: PageCode) {
        seen = id to page
    }

    /** The page of this approval, if that was seen last; it is given once. */
    fun takePage(id: String): PageCode? = seen?.takeIf { it.first == id }?.second?.also { seen = null }

    override fun part(part: TransferPart) = transfer.add(part)

    override fun newTransfer(): TransferCalls = scans.transfer().also { transfer = it }
}
