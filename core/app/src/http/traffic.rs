//! What HTTP counts as it works: additions to atomics that are there from the start, so that a request waits for nobody
//! and allocates nothing for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use soko_kernel::{DurationCounts, Durations};

/// What requests are for, by the beginning of their path; the last is everything else.
const SURFACES: [(&str, &str); 5] = [
    ("/shop-api", "shop-api"),
    ("/admin-api", "admin-api"),
    ("/assets/", "assets"),
    ("/webhooks/", "webhooks"),
    ("", "other"),
];
/// Status codes are numbers from here to below [`STATUS_END`].
const STATUS_FIRST: u16 = 100;
const STATUS_END: u16 = 600;
const STATUSES: usize = (STATUS_END - STATUS_FIRST) as usize;

/// The traffic of a server since it started.
#[derive(Debug)]
pub struct Traffic {
    surfaces: [Surface; SURFACES.len()],
    refused: AtomicU64,
    panics: AtomicU64,
    timeouts: AtomicU64,
}

#[derive(Debug)]
struct Surface {
    statuses: Box<[AtomicU64]>,
    durations: Durations,
}

/// Requests to one surface.
#[derive(Debug, Clone)]
pub struct SurfaceTraffic {
    /// Which.
    pub surface: &'static str,
    /// Answers by their status, those that were never given left out.
    pub statuses: Vec<(u16, u64)>,
    /// How long answers took.
    pub durations: DurationCounts,
}

impl Default for Traffic {
    fn default() -> Self {
        let surface = || Surface {
            statuses: std::iter::repeat_with(AtomicU64::default).take(STATUSES).collect(),
            durations: Durations::default(),
        };
        Self {
            surfaces: std::array::from_fn(|_| surface()),
            refused: AtomicU64::default(),
            panics: AtomicU64::default(),
            timeouts: AtomicU64::default(),
        }
    }
}

fn raise(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// The place among [`SURFACES`] of what a path is for.
pub(super) fn surface_of(path: &str) -> usize {
    SURFACES.iter().position(|(beginning, _)| path.starts_with(beginning)).unwrap_or(SURFACES.len() - 1)
}

impl Traffic {
    /// A request was answered.
    pub(super) fn answered(&self, surface: usize, status: StatusCode, took: Duration) {
        let Some(surface) = self.surfaces.get(surface) else { return };
        let place = status.as_u16().checked_sub(STATUS_FIRST).map(usize::from);
        if let Some(counter) = place.and_then(|place| surface.statuses.get(place)) {
            raise(counter, 1);
        }
        surface.durations.add(took);
    }

    /// A request found no place.
    pub(super) fn refused(&self) {
        raise(&self.refused, 1);
    }

    /// A request panicked.
    pub(super) fn panicked(&self) {
        raise(&self.panics, 1);
    }

    /// A request ran out of time.
    pub(super) fn timed_out(&self) {
        raise(&self.timeouts, 1);
    }

    /// Requests that were refused because too many were being worked on, that panicked, and that ran out of time.
    pub fn mishaps(&self) -> [(&'static str, u64); 3] {
        [("overload", get(&self.refused)), ("panic", get(&self.panics)), ("timeout", get(&self.timeouts))]
    }

    /// The traffic of each surface.
    pub fn surfaces(&self) -> Vec<SurfaceTraffic> {
        let shown = |((_, name), surface): (&(&str, &'static str), &Surface)| SurfaceTraffic {
            surface: name,
            statuses: (STATUS_FIRST..STATUS_END)
                .zip(surface.statuses.iter().map(get))
                .filter(|(_, count)| *count > 0)
                .collect(),
            durations: surface.durations.read(),
        };
        SURFACES.iter().zip(&self.surfaces).map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_surface_status_and_duration() {
        let traffic = Traffic::default();
        let shop = surface_of("/shop-api");
        traffic.answered(shop, StatusCode::OK, Duration::from_millis(1));
        traffic.answered(shop, StatusCode::OK, Duration::from_mins(1));
        traffic.answered(surface_of("/nowhere"), StatusCode::NOT_FOUND, Duration::ZERO);
        let surfaces = traffic.surfaces();
        assert_eq!((surfaces[0].surface, surfaces[0].statuses.as_slice()), ("shop-api", &[(200, 2)][..]));
        assert_eq!(surfaces[0].durations.microseconds, 60_001_000);
        let rest = surfaces.last().expect("the rest");
        assert_eq!((rest.surface, rest.statuses.as_slice()), ("other", &[(404, 1)][..]));
    }
}
