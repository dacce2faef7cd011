package org.countersign.app.calls

import org.countersign.bindings.Countersign
import org.countersign.bindings.OfflineCode
import org.countersign.bindings.PageCode
import org.countersign.bindings.cancelling
import org.countersign.logic.core.ApprovalCalls

/** What screens ask about sign-ins, asked of the core. What waits ends with the screen that asked. */
class CoreApprovals(private val core: Countersign) : ApprovalCalls {
    override fun approvals() = core.approvals()

    override fun notices() = core.notices()

    override suspend fun history() = core.history()

    override suspend fun approve(id: String, digits: String) = cancelling { core.approve(id, digits, it) }

    override suspend fun approveByPage(id: String, page: PageCode) = cancelling { core.approveByQr(id, page, it) }

    override suspend fun deny(id: String) = cancelling { core.deny(id, it) }

    override suspend fun report(id: String) = cancelling { core.report(id, it) }

    override suspend fun dismiss(id: String) = core.dismiss(id)

    override suspend fun pageApproval(page: PageCode) = cancelling { core.pageApproval(page, it) }

    override fun offlineRow(code: OfflineCode) = core.offlineRow(code)

    override suspend fun answerCode(code: OfflineCode) = cancelling { core.answerCode(code, it) }
}
