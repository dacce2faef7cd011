package org.countersign.app.screen

import android.app.Activity
import android.view.View
import android.widget.TextView
import org.countersign.app.all
import org.countersign.app.look.say
import org.countersign.app.port.ReaderState
import org.countersign.bindings.BurnPlan
import org.countersign.bindings.NoHandle
import org.countersign.bindings.TokenFamily
import org.countersign.bindings.TokenName
import org.countersign.bindings.TokenSeed
import org.countersign.logic.burn.BurnState
import org.countersign.logic.burn.BurnStep
import org.countersign.logic.burn.Burning
import org.countersign.logic.burn.PlanShown
import org.countersign.logic.burn.Progress
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner

/** Each step of a burn says one sentence, on a page that stays. */
@RunWith(RobolectricTestRunner::class)
class StepsTest {
    @Test
    fun eachStepOfABurnSaysOneSentence() {
        Robolectric.buildActivity(Activity::class.java).setup().use { controller ->
            val activity = controller.get()
            val drawing = BurnDrawing(activity, { ReaderState.ON }, {}) { }
            activity.setContentView(drawing.view)
            drawing.draw(state(0))
            val before = activity.all().filterIsInstance<TextView>().filter { it.isShown }.map { it.text.toString() }
            for (done in 1..SENTENCES.size) {
                repeat(2) { drawing.draw(state(done)) }
                val now = activity.all().filterIsInstance<TextView>().filter { it.isShown }
                val said = SENTENCES.take(done).map(activity::say)
                assertEquals(said, now.map { it.text.toString() } - before.toSet())
                val live = now.filter { it.accessibilityLiveRegion == View.ACCESSIBILITY_LIVE_REGION_POLITE }
                assertEquals("the newest alone is said", listOf(said.last()), live.map { it.text.toString() })
            }
        }
    }

    private val seed = Burning(TokenSeed(NoHandle), null)
    private val plan = BurnPlan(NoHandle)

    private fun state(done: Int): BurnState {
        val step = BurnStep.HoldToWrite(seed, SHOWN, plan, Progress(writes = true, done, SENTENCES.take(done)))
        return BurnState(1_700_000_000UL, step, emptyList(), null, null)
    }

    private companion object {
        val SENTENCES = listOf(Say.phoneBurnStepAnswered, Say.phoneBurnStepLetIn, Say.phoneBurnStepSeed)
        val SHOWN =
            PlanShown(
                token = TokenName(TokenFamily.SINGLE, "86596220000001"),
                model = plain("OTPC-P2-i"),
                serial = "86596220000001",
                account = "GitHub: mara@example.com",
                erases = Say.tokenErasesWhole,
                isErasing = true,
                notes = emptyList(),
            )
    }
}
