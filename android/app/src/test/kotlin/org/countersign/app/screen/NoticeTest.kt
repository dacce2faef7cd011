package org.countersign.app.screen

import android.app.Activity
import android.graphics.Rect
import android.widget.TextView
import org.countersign.app.R
import org.countersign.app.all
import org.countersign.app.look.say
import org.countersign.logic.Notice
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.countersign.testkit.Pictures
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment

/** What went wrong is seen where it is told. */
@RunWith(RobolectricTestRunner::class)
class NoticeTest {
    private val wrong = Notice(Say.errorWrongDigits(plain("2")))

    @Test
    fun whatIsToldBelowTheFoldComesIntoSight() = large { activity, drawing ->
        drawing.draw(APPROVAL)
        Pictures.draw(drawing.view)
        assertTrue("the beginning is seen", isSeen(activity, activity.say(Say.tuiSignInTo)))
        drawing.draw(APPROVAL.copy(notice = wrong))
        Pictures.draw(drawing.view)
        assertTrue("the notice is seen", isSeen(activity, activity.say(wrong.text)))
    }

    @Test
    fun aPageThatOpensWithANoticeBeginsAtItsBeginning() = large { activity, drawing ->
        drawing.draw(APPROVAL.copy(notice = wrong))
        Pictures.draw(drawing.view)
        assertTrue("the beginning is seen", isSeen(activity, activity.say(Say.tuiSignInTo)))
        assertFalse("the notice is below", isSeen(activity, activity.say(wrong.text)))
    }

    private fun large(seen: (Activity, ApprovalDrawing) -> Unit) {
        RuntimeEnvironment.setQualifiers(Looks.LARGE.qualifiers)
        RuntimeEnvironment.setFontScale(Looks.LARGE.fontScale)
        Robolectric.buildActivity(Activity::class.java).use { controller ->
            controller.get().setTheme(R.style.App)
            val activity = controller.setup().get()
            val drawing = ApprovalDrawing(activity, Looking(activity)) {}
            activity.setContentView(drawing.view)
            seen(activity, drawing)
        }
    }

    private fun isSeen(activity: Activity, words: String): Boolean {
        val text = activity.all().filterIsInstance<TextView>().single { it.text.toString() == words }
        return text.getGlobalVisibleRect(Rect())
    }
}
