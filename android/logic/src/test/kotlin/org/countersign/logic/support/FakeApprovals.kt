package org.countersign.logic.support

import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.CountersignException
import org.countersign.bindings.NoticeRow
import org.countersign.bindings.OfflineCode
import org.countersign.bindings.PageCode
import org.countersign.bindings.PastRow
import org.countersign.bindings.Status
import org.countersign.bindings.Verdict
import org.countersign.logic.core.ApprovalCalls

/** Sign-ins in memory, and a gateway that says what a test wants it to. */
class FakeApprovals(var rows: List<ApprovalRow> = emptyList()) : ApprovalCalls {
    val asked = mutableListOf<String>()
    var notices = emptyList<NoticeRow>()
    var past = emptyList<PastRow>()
    var fails: CountersignException? = null

    /** What comes of an answer; a test may let it wait. */
    var verdict: suspend () -> Verdict = { Verdict(Status.APPROVED, null) }

    private suspend fun answered(words: String): Verdict {
        asked += words
        fails?.let { throw it }
        return verdict()
    }

    override fun approvals() = rows

    override fun notices() = notices

    override suspend fun history(): List<PastRow> {
        fails?.let { throw it }
        return past
    }

    override suspend fun approve(id: String, digits: String) = answered("approve $id $digits")

    override suspend fun approveByPage(id: String, page: PageCode) = answered("page $id")

    override suspend fun deny(id: String) = answered("deny $id")

    override suspend fun report(id: String) = answered("report $id")

    override suspend fun dismiss(id: String) {
        fails?.let { throw it }
        notices = notices.filter { it.id != id }
    }

    override suspend fun pageApproval(page: PageCode): String {
        fails?.let { throw it }
        return rows.first().id
    }

    override fun offlineRow(code: OfflineCode) = rows.first()

    override suspend fun answerCode(code: OfflineCode): String {
        fails?.let { throw it }
        return "12345678"
    }
}
