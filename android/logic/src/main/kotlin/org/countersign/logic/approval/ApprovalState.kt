package org.countersign.logic.approval

import org.countersign.bindings.Op
import org.countersign.bindings.PageCode
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.scan.Camera
import org.countersign.logic.text.Text

/** One sign-in that asks, as one thing after the other. */
data class ApprovalState(
    val now: ULong,
    /** What is asked; none until it was read. */
    val asked: Asked?,
    val phase: ApprovalPhase,
    /** How many more wait behind this one. */
    val behind: Int,
    val notice: Notice?,
    /** The code of its page, which the camera saw: it stands in for the digits. */
    val seen: PageCode? = null,
) : Screen

/** What is asked, and all that was signed of where it comes from. */
data class Asked(
    val id: String,
    val op: Op,
    /** «Sign in to», «Sign for», «Add another phone, asked by». */
    val title: Text,
    val app: String,
    /** Never cut at its right end. */
    val host: String,
    val gateway: String,
    /** What shall be signed, shown whole. */
    val message: String?,
    val facts: List<ContextFact>,
    /** Who says where it comes from, where the gateway did not see it. */
    val stated: Text?,
    /** How many digits the page shows. */
    val digits: Int,
    val expires: ULong,
    val canApprove: Boolean,
    val canDeny: Boolean,
    val canReport: Boolean,
)

/** One line of where a sign-in comes from. What is new about it is said by a word. */
data class ContextFact(
    val name: Text,
    val value: Text,
    val isNew: Boolean,
    /** What else is to be said of it, such as that it is another account than this phone's. */
    val remark: Text? = null,
)

/** What the person does now. */
sealed interface ApprovalPhase {
    data object Loading : ApprovalPhase

    /** The digits are typed. The keyboard is up already. What is typed is in the field alone. */
    data object Asking : ApprovalPhase

    /** The camera looks at the page in place of the digits. */
    data class Scanning(
        val camera: Camera = Camera.ASKING,
        val torch: Boolean = false,
        /** A frame is being read: others are dropped. */
        val reads: Boolean = false,
        /** Another code than the page's was seen. */
        val isOther: Boolean = false,
    ) : ApprovalPhase

    /** *No, this isn't me* asks one thing: just cancel, or report. */
    data object Refusing : ApprovalPhase

    /** The keystore asks for the person, or the gateway is told. */
    data class Sending(val decision: Decision) : ApprovalPhase

    /** It is over: what was done, and what to do next. */
    data class Over(val end: ApprovalEnd, val text: Text) : ApprovalPhase {
        /** Whether somebody may yet say that this wasn't them: it was let in, or nobody knows by whom. */
        val canBeWrong: Boolean
            get() = end == ApprovalEnd.APPROVED || end == ApprovalEnd.ELSEWHERE || end == ApprovalEnd.EXPIRED
    }
}

enum class Decision { APPROVE, DENY, REPORT }

/** How it ended, each with its own words and shape. */
enum class ApprovalEnd { APPROVED, DENIED, REPORTED, FAILED, EXPIRED, ELSEWHERE, UNKNOWN }
