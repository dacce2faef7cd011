package org.countersign.app.widget

import android.app.PendingIntent
import android.appwidget.AppWidgetManager
import android.appwidget.AppWidgetProvider
import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.widget.RemoteViews
import org.countersign.app.MainActivity
import org.countersign.app.R
import org.countersign.app.look.say
import org.countersign.app.shell.CHOOSE_NAMES
import org.countersign.app.shell.toAccount
import org.countersign.logic.text.Say
import org.countersign.logic.widget.WidgetName

/** Names on the home screen. A tap opens the account, behind the lock; the widget itself holds no code and no key. */
class NamesWidget : AppWidgetProvider() {
    override fun onUpdate(context: Context, manager: AppWidgetManager, ids: IntArray) {
        val views = context.views(NamesOnDisk(context).read())
        ids.forEach { manager.updateAppWidget(it, views) }
    }

    companion object {
        /** Shows [names] wherever the widget stands. */
        internal fun show(context: Context, names: List<WidgetName>) {
            val manager = AppWidgetManager.getInstance(context) ?: return
            val ids = manager.getAppWidgetIds(ComponentName(context, NamesWidget::class.java))
            if (ids.isNotEmpty()) manager.updateAppWidget(ids, context.views(names))
        }
    }
}

/** The widget with these [names]. */
internal fun Context.views(names: List<WidgetName>) = RemoteViews(packageName, R.layout.widget).apply {
    removeAllViews(R.id.names)
    names.forEach { addView(R.id.names, row(it.title, it.id.toInt(), toAccount(it.id))) }
    if (names.isEmpty()) addView(R.id.names, row(say(Say.phoneWidgetEmpty), 0, Intent(CHOOSE_NAMES)))
}

private fun Context.row(words: String, code: Int, intent: Intent) =
    RemoteViews(packageName, R.layout.widget_row).apply {
        val open = intent.setClass(this@row, MainActivity::class.java).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
        setTextViewText(R.id.name, words)
        setOnClickPendingIntent(R.id.name, PendingIntent.getActivity(this@row, code, open, KEPT))
    }

private const val KEPT = PendingIntent.FLAG_IMMUTABLE or PendingIntent.FLAG_UPDATE_CURRENT
