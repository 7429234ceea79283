//! How the text is written.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use soko_kernel::DurationCounts;

/// A name and a value that tell the metrics of a family apart.
pub(super) type Labels<'l> = [(&'l str, &'l str); 1];

/// The text that is being written.
pub(super) struct Page<'p, 'e>(pub(super) &'p mut DescriptorEncoder<'e>);

impl Page<'_, '_> {
    pub(super) fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }

    #[expect(clippy::needless_pass_by_value, reason = "numbers")]
    pub(super) fn count(&mut self, name: &str, help: &str, value: impl EncodeCounterValue) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Counter)?;
        family.encode_counter(&value, None::<&Exemplar<Labels<'_>, u64>>)
    }

    /// One counter for each value of a label.
    pub(super) fn counts<'v, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'v str, V)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Counter)?;
        values.into_iter().try_for_each(|(of, value)| count_in(&mut family, &[(label, of)], value))
    }

    /// One gauge for each value of a label.
    pub(super) fn gauges<'v, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'v str, V)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Gauge)?;
        values
            .into_iter()
            .try_for_each(|(of, value)| family.encode_family(&[(label, of)])?.encode_gauge(&value))
    }

    #[expect(clippy::needless_pass_by_value, reason = "numbers")]
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue) -> fmt::Result {
        self.family(name, help, MetricType::Gauge)?.encode_gauge(&value)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "numbers")]
pub(super) fn count_in<V: EncodeCounterValue, const N: usize>(
    family: &mut MetricEncoder<'_>,
    labels: &[(&str, &str); N],
    value: V,
) -> fmt::Result {
    family.encode_family(labels)?.encode_counter(&value, None::<&Exemplar<Labels<'_>, u64>>)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, and near enough beyond")]
pub(super) fn as_float(value: u64) -> f64 {
    value as f64
}

/// A histogram in seconds.
pub(super) fn durations_in<const N: usize>(
    family: &mut MetricEncoder<'_>,
    labels: &[(&str, &str); N],
    counts: &DurationCounts,
) -> fmt::Result {
    let seconds = |bound: u64| Duration::from_micros(bound).as_secs_f64();
    let buckets: Vec<_> =
        counts.buckets.iter().map(|(bound, count)| (bound.map_or(f64::INFINITY, seconds), *count)).collect();
    let count = buckets.iter().map(|(_, count)| count).sum();
    family.encode_family(labels)?.encode_histogram::<Labels<'_>>(
        seconds(counts.microseconds),
        count,
        &buckets,
        None,
    )
}
