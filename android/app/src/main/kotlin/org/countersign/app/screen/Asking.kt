package org.countersign.app.screen

import android.content.Context
import android.view.View
import org.countersign.app.look.Space
import org.countersign.app.look.column
import org.countersign.app.look.mainButton
import org.countersign.app.look.palette
import org.countersign.app.look.quietButton
import org.countersign.app.look.row
import org.countersign.app.look.say
import org.countersign.app.look.words
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text

/** What is asked before something is done that can't be taken back: yes in the colour of loss, or nothing happens. */
internal fun Context.asks(
    question: Text,
    yes: Text,
    ground: Int = palette.danger,
    no: Text = Say.phoneCancel,
    onAnswer: (Boolean) -> Unit,
): View = column(
    words(say(question)).apply {
        layoutParams = row(top = Space.L)
        accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
    },
    mainButton(say(yes), ground) { onAnswer(true) },
    quietButton(say(no)) { onAnswer(false) },
)
