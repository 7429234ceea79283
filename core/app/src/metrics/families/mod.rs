//! The metrics by name. Labels come from lists in this program, from names of plugins that uploads were held to, and
//! from ids; never from requests.

mod page;
mod plugins;
mod work;

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use soko_graphql::traffic::OperationTraffic;
use soko_host::{BreakerState, HostStats};
use soko_infra::db::{BATCH_SIZES, Dialect, StatementKind, StoreStats, WriterStats};
use soko_kernel::CacheStats;

use super::Sources;
use crate::config::Role;
use crate::http::SurfaceTraffic;
use crate::jobs::{JobStats, RoutedNumbers};
use page::{Labels, Page, as_float, count_in, durations_in};

/// Where Linux says how much memory this process holds.
const STATUS_FILE: &str = "/proc/self/status";

/// Everything as it is at one moment.
#[derive(Debug)]
pub struct Numbers {
    backend: &'static str,
    role: &'static str,
    surfaces: Vec<SurfaceTraffic>,
    mishaps: [(&'static str, u64); 3],
    places: (usize, usize),
    streams: usize,
    store: StoreStats,
    writer: WriterStats,
    host: HostStats,
    breakers: Vec<BreakerState>,
    operations: [(&'static str, Vec<OperationTraffic>); 2],
    jobs: Vec<JobStats>,
    events: RoutedNumbers,
    deliveries: (u64, u64),
    caches: Vec<(&'static str, CacheStats)>,
    resident_bytes: Option<u64>,
}

impl Numbers {
    /// Reads them.
    pub fn read(sources: &Sources) -> Self {
        let traffic = sources.guard.traffic();
        Self {
            backend: match sources.database.dialect() {
                Dialect::Sqlite => "sqlite",
                Dialect::Postgres => "postgres",
            },
            role: match sources.role {
                Role::All => "all",
                Role::Api => "api",
                Role::Worker => "worker",
            },
            surfaces: traffic.surfaces(),
            mishaps: traffic.mishaps(),
            places: sources.guard.places(),
            streams: sources.endpoints.streams.open(),
            store: sources.database.stats(),
            writer: sources.database.writer_stats(),
            host: sources.host.stats(),
            breakers: sources.host.breakers(),
            operations: [
                ("shop", sources.endpoints.shop.traffic()),
                ("admin", sources.endpoints.admin.traffic()),
            ],
            jobs: sources.jobs.read(),
            events: sources.events.0.read(),
            deliveries: sources.events.1.read(),
            caches: caches(sources),
            resident_bytes: resident_bytes(),
        }
    }
}

/// The caches that answer requests, by what is in them.
fn caches(sources: &Sources) -> Vec<(&'static str, CacheStats)> {
    let (endpoints, loads) = (&sources.endpoints, sources.host.stats().loads);
    let loaded = CacheStats { hits: loads.hits, misses: loads.misses, entries: loads.loaded };
    let mut caches = vec![
        ("shop_documents", endpoints.shop.cache_stats()),
        ("admin_documents", endpoints.admin.cache_stats()),
        ("plugins", loaded),
    ];
    caches.extend(endpoints.services.cache_stats());
    caches
}

/// Bytes of memory that this process holds, where the system says.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string(STATUS_FILE).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1 << 10)
}

impl Collector for Numbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(&mut encoder);
        self.write_process(&mut page)?;
        self.write_http(&mut page)?;
        self.write_store(&mut page)?;
        self.write_writer(&mut page)?;
        self.write_plugins(&mut page)?;
        self.write_operations(&mut page)?;
        self.write_jobs(&mut page)?;
        self.write_events(&mut page)?;
        self.write_caches(&mut page)
    }
}

impl Numbers {
    fn write_process(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let mut build = page.family("soko_build", "The program that serves.", MetricType::Info)?;
        let version = env!("CARGO_PKG_VERSION");
        build.encode_info(&[("version", version), ("backend", self.backend), ("role", self.role)])?;
        if let Some(bytes) = self.resident_bytes {
            page.gauge("process_resident_memory_bytes", "Memory that the process holds.", bytes)?;
        }
        Ok(())
    }

    fn write_http(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let help = "Requests answered, by what they were for and the answer's status.";
        let mut family = page.family("soko_http_requests", help, MetricType::Counter)?;
        for surface in &self.surfaces {
            for (status, count) in &surface.statuses {
                let status = status.to_string();
                count_in(&mut family, &[("surface", surface.surface), ("status", &status)], *count)?;
            }
        }
        let help = "Time until requests were answered.";
        let mut family = page.family("soko_http_request_duration_seconds", help, MetricType::Histogram)?;
        for surface in &self.surfaces {
            durations_in(&mut family, &[("surface", surface.surface)], &surface.durations)?;
        }
        let help =
            "Requests that came to no answer of their own: refused as overload, panicked, out of time.";
        page.counts("soko_http_mishaps", help, "why", self.mishaps)?;
        page.gauge("soko_http_requests_running", "Requests being worked on.", self.places.0)?;
        page.gauge("soko_http_requests_running_max", "Most that may be worked on.", self.places.1)?;
        page.gauge(
            "soko_http_streams_open",
            "Sockets, and subscriptions by server-sent events.",
            self.streams,
        )
    }

    fn write_store(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let name = |kind: &StatementKind| if *kind == StatementKind::Read { "read" } else { "write" };
        let store = &self.store;
        let counts = store.statements.iter().map(|(kind, count, _)| (name(kind), *count));
        page.counts("soko_sql_statements", "Statements, by the kind of their transaction.", "kind", counts)?;
        let seconds = store
            .statements
            .iter()
            .map(|(kind, _, nanos)| (name(kind), Duration::from_nanos(*nanos).as_secs_f64()));
        page.counts("soko_sql_seconds", "Time that statements took.", "kind", seconds)?;
        let bounds = Duration::from_nanos(store.bound_nanoseconds).as_secs_f64();
        let help = "Time that beginning and ending transactions took, commits included.";
        page.count("soko_db_bound_seconds", help, bounds)?;
        let failures = store.failures.iter().map(|(failure, count)| (failure.as_str(), *count));
        page.counts("soko_sql_failures", "Statements that failed, by why.", "why", failures)?;
        page.count("soko_db_refused", "Work refused because too much waited for the store.", store.refused)?;
        page.count("soko_db_commits", "Commits that reached the disk.", store.commits)?;
        page.count("soko_db_commit_failures", "Commits that did not.", store.commit_failures)?;
        page.count("soko_db_retries", "Transactions run again: another was in the way.", store.retries)?;
        page.gauge("soko_db_waiting", "Callers that wait for the store.", store.waiting)?;
        page.gauge("soko_db_waiting_max", "Most that may wait.", store.waiting_max)?;
        let states = [("used", 0), ("open", 1), ("max", 2)];
        let help = "Connections to the store, by what they are for: in use, open, and most that may be.";
        let mut family = page.family("soko_db_connections", help, MetricType::Gauge)?;
        for pool in &store.pools {
            for (state, place) in states {
                let value = [pool.used, pool.open, pool.max][place];
                let labels = [("pool", pool.name), ("state", state)];
                family.encode_family(&labels)?.encode_gauge(&value)?;
            }
        }
        Ok(())
    }

    fn write_writer(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let writer = &self.writer;
        let help = "Transactions that shared a commit, on SQLite.";
        let mut family = page.family("soko_db_commit_batch", help, MetricType::Histogram)?;
        let bounds = BATCH_SIZES.into_iter().map(as_float);
        let buckets: Vec<_> = bounds.zip(writer.by_size).chain([(f64::INFINITY, 0)]).collect();
        family.encode_histogram::<Labels<'_>>(
            as_float(writer.closures),
            buckets.iter().map(|(_, count)| count).sum(),
            &buckets,
            None,
        )?;
        page.count("soko_db_batch_redone", "Transactions run again by their batch's fault.", writer.redone)
    }
}
