#![expect(clippy::unwrap_used, reason = "a failed test")]

use std::time::{Duration, Instant};

use soko_kernel::ListQuery;

use super::*;
use crate::config::Settings;
use crate::wiring::{DataDirectory, Options, Platform};

/// Longest that an unoptimised build may take; the release build is held to 3 s by hand.
const SEED_TIME_MAX: Duration = Duration::from_mins(1);

async fn open(directory: &std::path::Path) -> Platform {
    let mut settings = Settings::default();
    directory.clone_into(&mut settings.data.0);
    (settings.argon2.memory_kib, settings.argon2.iterations) = (8, 1);
    Platform::open(&settings, &Options::in_process().unwrap(), DataDirectory::Create).await.unwrap()
}

#[tokio::test]
async fn seeds_an_empty_store_once_and_finds_it_again() {
    let directory = tempfile::tempdir().unwrap();
    let platform = open(directory.path()).await;
    let begun = Instant::now();
    let mut steps = Vec::new();
    let options = DemoOptions::default();
    let demo = seed(&platform.services, &options, &mut |step| steps.push(step.to_owned())).await.unwrap();
    assert!(begun.elapsed() < SEED_TIME_MAX, "{:?}", begun.elapsed());
    assert!(demo.created && !steps.is_empty());
    for shop in &demo.shops {
        assert!(shop.sample.is_some(), "{}", shop.plan.code);
        let products =
            platform.services.catalogue.shop().list_products(&shop.actor, &ListQuery::default()).await;
        assert_eq!(products.unwrap().total, 65, "{}", shop.plan.code);
    }
    let again =
        seed(&platform.services, &DemoOptions::default(), &mut |step| panic!("{step}")).await.unwrap();
    assert!(!again.created);
    let samples = |demo: &DemoPlatform| demo.shops.iter().map(|shop| shop.sample).collect::<Vec<_>>();
    assert_eq!(samples(&again), samples(&demo));
    platform.close().await;
}

#[tokio::test]
async fn refuses_a_store_that_holds_another_platform() {
    let directory = tempfile::tempdir().unwrap();
    let platform = open(directory.path()).await;
    platform.complete_first_start(&Settings::default()).await.unwrap();
    let error = seed(&platform.services, &DemoOptions::default(), &mut |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("another platform"), "{error}");
    platform.close().await;
}

/// The texts between single quotes, as a shell reads them.
fn quoted(command: &str) -> impl Iterator<Item = &str> {
    assert_eq!(command.matches('\'').count() % 2, 0, "{command}");
    command.split('\'').skip(1).step_by(2)
}

#[tokio::test]
async fn requests_survive_a_shell() {
    let directory = tempfile::tempdir().unwrap();
    let platform = open(directory.path()).await;
    let mut demo = seed(&platform.services, &DemoOptions::default(), &mut |_| ()).await.unwrap();
    demo.shops[1].binding = Some(soko_kernel::PluginBindingId(7));
    let requests = demo.requests("http://127.0.0.1:3000");
    assert_eq!(requests.len(), 3);
    for request in &requests {
        let bodies = quoted(&request.command).filter(|text| text.starts_with('{'));
        let bodies: Vec<serde_json::Value> = bodies.map(|body| serde_json::from_str(body).unwrap()).collect();
        assert!(
            !bodies.is_empty() && bodies.iter().all(|body| body["query"].is_string()),
            "{}",
            request.command
        );
    }
    platform.close().await;
}
