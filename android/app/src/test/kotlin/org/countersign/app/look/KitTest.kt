package org.countersign.app.look

import android.app.Activity
import android.view.View
import android.widget.FrameLayout
import org.countersign.logic.accounts.Tile
import org.countersign.testkit.Pictures
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

/** The pieces that screens are made of. */
@RunWith(RobolectricTestRunner::class)
class KitTest {
    @Test
    fun aScreenReaderSaysWhatWasTyped() {
        val context = Robolectric.buildActivity(Activity::class.java).setup().get()
        val field = context.digitsInput(6, "Six digits")
        assertEquals("Six digits", field.createAccessibilityNodeInfo().text.toString())
        field.setText("492")
        val node = field.createAccessibilityNodeInfo()
        assertEquals(listOf("492", null), listOf(node.text.toString(), node.contentDescription))
    }

    @Test
    @Config(qualifiers = "w360dp-h480dp-notnight-mdpi")
    fun byDay() = show("kit-day")

    @Test
    @Config(qualifiers = "w360dp-h480dp-night-mdpi")
    fun byNight() = show("kit-night")

    private fun show(name: String) {
        Robolectric.buildActivity(Activity::class.java).use { controller ->
            controller.get().setTheme(org.countersign.app.R.style.App)
            controller.setup()
            val activity = controller.get()
            activity.setContentView(pieces(activity))
            Pictures.check(activity.findViewById(android.R.id.content), name)
        }
    }

    private fun pieces(activity: Activity): View = with(activity) {
        val account =
            line(
                tile(Tile("GH", 0x6A3FA0u, null)),
                column(words("GitHub"), words("mara@example.com", Type.SMALL, palette.ink2)).apply {
                    layoutParams = rest()
                    setPadding(px(Space.M), 0, px(Space.M), 0)
                },
                words("492 039", Type.CODE).apply { setPadding(0, 0, px(Space.M), 0) },
                Ring(this).apply { show(seconds = 21, part = 0.7f) },
            ).apply {
                background = box(palette.raised, border = palette.line)
                setPadding(px(Space.L), px(Space.L), px(Space.L), px(Space.L))
                layoutParams = row(top = Space.L)
            }
        val page =
            column(
                title("Codes"),
                account,
                words("Reported", colour = palette.danger).apply { layoutParams = row(top = Space.L) },
                words("The clock is fast", colour = palette.warn),
                mainButton("Approve") {},
                quietButton("No, this isn't me") {},
            )
        page.setPadding(px(Space.L), px(Space.XL), px(Space.L), px(Space.XL))
        FrameLayout(this).apply {
            setBackgroundColor(palette.surface)
            addView(page)
        }
    }
}
