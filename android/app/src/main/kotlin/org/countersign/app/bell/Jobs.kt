package org.countersign.app.bell

import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import android.os.Build
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.Job
import org.countersign.app.CountersignApp

/**
 * When the phone looks by itself. Nothing of it outlives a restart of the phone: that would be one permission more, and until the
 * person unlocked it the keys are closed anyway. A bell, or opening the app, begins it anew.
 */
internal class Jobs(private val context: Context) {
    private val scheduler = context.getSystemService(JobScheduler::class.java)

    /** Looks about every quarter of an hour, the shortest that the phone allows; or not at all. */
    fun lookNowAndThen(wanted: Boolean) {
        val stands = scheduler.getPendingJob(NOW_AND_THEN) != null
        if (wanted && !stands) scheduler.schedule(job(NOW_AND_THEN).setPeriodic(QUARTER_MS).build())
        if (!wanted && stands) scheduler.cancel(NOW_AND_THEN)
    }

    /** Keeps the process until what is under way is done; if it dies before, it looks. */
    fun finish() {
        // One that runs would be stopped by another of its name.
        if (scheduler.getPendingJob(AT_ONCE) != null) return
        val job = job(AT_ONCE)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) job.setExpedited(true)
        scheduler.schedule(job.build())
    }

    private fun job(id: Int) = JobInfo.Builder(id, ComponentName(context, LookService::class.java))
        .setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY)

    internal companion object {
        const val NOW_AND_THEN = 1
        const val AT_ONCE = 2
        val QUARTER_MS = TimeUnit.MINUTES.toMillis(15)
    }
}

/** Looks when the phone says that it is time. What did not go well is tried again, less and less often, as the phone has it. */
class LookService : JobService() {
    private val running = ConcurrentHashMap<Int, Job>()

    override fun onStartJob(job: JobParameters): Boolean {
        val bells = (application as CountersignApp).bells
        val ends = { isDone: Boolean ->
            running.remove(job.jobId)
            jobFinished(job, !isDone && job.jobId == Jobs.AT_ONCE)
        }
        running[job.jobId] = if (job.jobId == Jobs.AT_ONCE) bells.finish(ends) else bells.look(ends)
        return true
    }

    /** The network went, or the time is over. */
    override fun onStopJob(job: JobParameters): Boolean {
        running.remove(job.jobId)?.cancel()
        return job.jobId == Jobs.AT_ONCE
    }
}
