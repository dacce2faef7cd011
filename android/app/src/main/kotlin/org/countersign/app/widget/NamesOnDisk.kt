package org.countersign.app.widget

import android.content.Context
import org.countersign.logic.widget.WidgetName
import org.countersign.logic.widget.WidgetNames

/** The names that a person put on the home screen. They stand outside the vault, as what they are for does. */
internal class NamesOnDisk(private val context: Context) : WidgetNames {
    private val kept = context.getSharedPreferences("widget", Context.MODE_PRIVATE)

    override fun read(): List<WidgetName> = kept.getString(NAMES, "").orEmpty().lines().mapNotNull { line ->
        val id = line.substringBefore('\t').toULongOrNull()
        id?.let { WidgetName(it, line.substringAfter('\t')) }
    }

    override fun change(to: (List<WidgetName>) -> List<WidgetName>) = synchronized(ONE_BY_ONE) {
        val before = read()
        val names = to(before)
        if (names != before) keep(names)
    }

    private fun keep(names: List<WidgetName>) {
        val lines = names.joinToString("\n") { "${it.id}\t${it.title.replace(BREAKS, " ")}" }
        kept.edit().putString(NAMES, lines).apply()
        NamesWidget.show(context, names)
    }

    private companion object {
        const val NAMES = "names"
        val ONE_BY_ONE = Any()
        val BREAKS = Regex("[\\t\\r\\n]")
    }
}
