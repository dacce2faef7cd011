package org.countersign.app.look

import android.content.Context
import java.text.DateFormat
import java.util.Date
import java.util.Locale
import org.countersign.app.TEXT_IDS
import org.countersign.logic.text.Country
import org.countersign.logic.text.Day
import org.countersign.logic.text.Lines
import org.countersign.logic.text.Moment
import org.countersign.logic.text.Plain
import org.countersign.logic.text.Said
import org.countersign.logic.text.Text

private const val MS = 1000L

/** [text] in the language of the phone. */
fun Context.say(text: Text): String = when (text) {
    is Said -> getString(TEXT_IDS[text.key.ordinal], *text.values.map { say(it) }.toTypedArray())
    is Plain -> text.words
    is Day -> DateFormat.getDateInstance(DateFormat.MEDIUM, locale).format(date(text.at))
    is Moment -> DateFormat.getDateTimeInstance(DateFormat.MEDIUM, DateFormat.SHORT, locale).format(date(text.at))
    is Country -> Locale.Builder().setRegion(text.letters).build().getDisplayCountry(locale)
    is Lines -> text.all.joinToString("\n") { say(it) }
}

private val Context.locale: Locale get() = resources.configuration.locales[0]

private fun date(at: ULong) = Date(at.toLong() * MS)
