//! What is asked of the APIs, what the platform does by itself, and what spares it work.

use std::fmt;
use std::time::Duration;

use prometheus_client::metrics::MetricType;
use soko_kernel::CacheStats;

use super::Numbers;
use super::page::{Page, count_in, durations_in};
use crate::jobs::RoutedNumbers;

impl Numbers {
    pub(super) fn write_operations(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let help = "Operations answered, by the first field of each and how it ended: ok, refused (by an error result \
                    whose errorCode was asked for), error (the client's), fault (the server's).";
        let mut family = page.family("soko_graphql_operations", help, MetricType::Counter)?;
        for (api, operations) in &self.operations {
            for one in operations {
                for (outcome, count) in one.outcomes.iter().filter(|(_, count)| *count > 0) {
                    let outcome = ("outcome", outcome.as_str());
                    count_in(
                        &mut family,
                        &[("api", *api), ("operation", one.operation.as_str()), outcome],
                        *count,
                    )?;
                }
            }
        }
        let help = "Time until operations were answered, by the first field of each.";
        let name = "soko_graphql_operation_duration_seconds";
        let mut family = page.family(name, help, MetricType::Histogram)?;
        for (api, operations) in &self.operations {
            for one in operations {
                let labels = [("api", *api), ("operation", one.operation.as_str())];
                durations_in(&mut family, &labels, &one.durations)?;
            }
        }
        Ok(())
    }

    pub(super) fn write_jobs(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let jobs = &self.jobs;
        let rounds = jobs.iter().map(|job| (job.job, job.rounds));
        page.counts("soko_job_rounds", "Rounds of the platform's jobs at this node.", "name", rounds)?;
        let failures = jobs.iter().map(|job| (job.job, job.failures));
        page.counts("soko_job_failures", "Those of them that failed.", "name", failures)?;
        let seconds = jobs.iter().map(|job| (job.job, Duration::from_micros(job.microseconds).as_secs_f64()));
        page.counts("soko_job_seconds", "Time that they took.", "name", seconds)?;
        let help = "Whether this node does the job now.";
        page.gauges("soko_job_leads", help, "name", jobs.iter().map(|job| (job.job, i64::from(job.leads))))?;
        let help = "When a round last succeeded at this node, in seconds since 1970.";
        let succeeded = jobs.iter().filter_map(|job| Some((job.job, seconds_of(job.succeeded_at?))));
        page.gauges("soko_job_last_success_timestamp_seconds", help, "name", succeeded)
    }

    pub(super) fn write_events(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let RoutedNumbers { events, actions, failures, lag } = self.events;
        page.count("soko_events_routed", "Events that this node has handed on.", events)?;
        page.count("soko_event_actions", "What people were told of them.", actions)?;
        page.count(
            "soko_event_failures",
            "Channels that could not be looked after, once for each time.",
            failures,
        )?;
        let help = "How long the oldest event had waited that was handed on in the last round.";
        page.gauge("soko_event_lag_seconds", help, lag.as_secs_f64())?;
        let (tried, broken) = self.deliveries;
        page.count(
            "soko_delivery_tries",
            "Messages that this node tried to send, and calls of plugins that act on events.",
            tried,
        )?;
        page.count("soko_delivery_failures", "Those of which it is not written down what became.", broken)
    }

    pub(super) fn write_caches(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let of = |value: fn(&CacheStats) -> u64| {
            self.caches.iter().map(move |(cache, stats)| (*cache, value(stats)))
        };
        let help = "Lookups in caches that found something.";
        page.counts("soko_cache_hits", help, "cache", of(|stats| stats.hits))?;
        page.counts("soko_cache_misses", "Those that did not.", "cache", of(|stats| stats.misses))?;
        page.gauges("soko_cache_entries", "What is in them.", "cache", of(|stats| stats.entries))
    }
}

fn seconds_of(milliseconds: i64) -> f64 {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0)).as_secs_f64()
}
