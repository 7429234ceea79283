//! What plugins did, each version for itself, and who of them is left alone.

use std::fmt;
use std::time::Duration;

use prometheus_client::metrics::MetricType;
use soko_host::VersionStats;

use super::Numbers;
use super::page::{Page, count_in};

/// What names a version: its plugin, its number, and the beginning of its component's digest.
type OfVersion<'l> = [(&'l str, &'l str); 3];

fn labels<'l>(version: &'l VersionStats, digest: &'l str) -> OfVersion<'l> {
    [("plugin", &version.name), ("version", &version.version), ("digest", digest)]
}

impl Numbers {
    pub(super) fn write_plugins(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let host = &self.host;
        page.count("soko_plugin_calls", "Calls of plugins that ended, well or not.", host.calls)?;
        let seconds = Duration::from_micros(host.micros).as_secs_f64();
        page.count("soko_plugin_seconds", "Time in plugins, loading and waiting left out.", seconds)?;
        page.count("soko_plugin_fuel", "Fuel that plugins used.", host.fuel)?;
        page.count("soko_plugin_spares_used", "Calls that found their sandbox made.", host.spares_used)?;
        page.count("soko_plugin_slow_calls", "Calls above their soft limit.", host.slow_calls)?;
        let failures = host.failures.iter().map(|(kind, count)| (kind.as_str(), *count));
        page.counts("soko_plugin_failures", "Calls that failed, by why.", "why", failures)?;
        page.count("soko_plugin_breakers_opened", "Times that a breaker opened.", host.breakers_opened)?;
        let cache = [
            ("from_disk", host.disk_hits),
            ("compiled", host.compiles),
            ("refused_file", host.refused_files),
        ];
        page.counts("soko_plugin_loads", "Components loaded, by where from.", "how", cache)?;
        page.gauge("soko_plugin_loaded_bytes", "Code of the components that are loaded.", host.loads.bytes)?;
        page.gauge("soko_plugin_loaded_bytes_max", "Most that may be.", host.loads.bytes_max)?;
        self.write_versions(page)?;
        self.write_breakers(page)
    }

    fn write_versions(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let versions: Vec<_> =
            self.host.versions.iter().map(|version| (version.digest.short(), version)).collect();
        let help = "Calls of each version that ended, well or not.";
        let mut family = page.family("soko_plugin_version_calls", help, MetricType::Counter)?;
        for (digest, version) in &versions {
            count_in(&mut family, &labels(version, digest), version.calls)?;
        }
        let help = "Time in each version, loading and waiting left out.";
        let mut family = page.family("soko_plugin_version_seconds", help, MetricType::Counter)?;
        for (digest, version) in &versions {
            let seconds = Duration::from_micros(version.micros).as_secs_f64();
            count_in(&mut family, &labels(version, digest), seconds)?;
        }
        let help = "Fuel that each version used.";
        let mut family = page.family("soko_plugin_version_fuel", help, MetricType::Counter)?;
        for (digest, version) in &versions {
            count_in(&mut family, &labels(version, digest), version.fuel)?;
        }
        let help = "Calls of each version that failed, by why.";
        let mut family = page.family("soko_plugin_version_failures", help, MetricType::Counter)?;
        for (digest, version) in &versions {
            let [plugin, number, digest] = labels(version, digest);
            for (kind, count) in version.failures.iter().filter(|(_, count)| *count > 0) {
                count_in(&mut family, &[plugin, number, digest, ("why", kind.as_str())], *count)?;
            }
        }
        Ok(())
    }

    /// Of breakers that have opened elsewhere the plugin is known only where it was called here as well.
    fn write_breakers(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let help = "Whether a version that failed lately is not called for a channel, whose id it is.";
        let mut family = page.family("soko_plugin_breaker_open", help, MetricType::Gauge)?;
        for breaker in &self.breakers {
            let known = self.host.versions.iter().find(|version| version.digest == breaker.digest);
            let (plugin, version) = known.map_or(("", ""), |known| (&*known.name, &*known.version));
            let (digest, channel) = (breaker.digest.short(), breaker.channel_id.to_string());
            let labels = [
                ("plugin", plugin),
                ("version", version),
                ("digest", digest.as_str()),
                ("channel_id", channel.as_str()),
            ];
            family.encode_family(&labels)?.encode_gauge(&i64::from(breaker.is_open))?;
        }
        Ok(())
    }
}
