package org.countersign.logic.core

import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.Countersign
import org.countersign.bindings.NoticeRow
import org.countersign.bindings.OfflineCode
import org.countersign.bindings.PageCode
import org.countersign.bindings.PastRow
import org.countersign.bindings.Verdict
import org.countersign.bindings.cancelling

/** What screens ask of the core about sign-ins that wait and those that are over. */
interface ApprovalCalls {
    fun approvals(): List<ApprovalRow>

    fun notices(): List<NoticeRow>

    suspend fun history(): List<PastRow>

    /** Waits for the keystore's prompt and the gateway. */
    suspend fun approve(id: String, digits: String): Verdict

    /** By the code that the camera saw on its page. */
    suspend fun approveByPage(id: String, page: PageCode): Verdict

    suspend fun deny(id: String): Verdict

    suspend fun report(id: String): Verdict

    suspend fun dismiss(id: String)

    /** The approval of a page that the camera saw; its id. */
    suspend fun pageApproval(page: PageCode): String

    fun offlineRow(code: OfflineCode): ApprovalRow

    /** The eight digits that answer a sign-in without a network. */
    suspend fun answerCode(code: OfflineCode): String
}

/** The same, asked of the core. What waits ends with the screen that asked. */
internal class BoundApprovals(private val core: Countersign) : ApprovalCalls {
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
