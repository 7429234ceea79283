//! What an upload must be, and why it is refused otherwise.

use soko_extension::{ComponentInspector as _, FailureKind, Inspection, Rejection};
use soko_host::COMPONENT_BYTES_DEFAULT;
use soko_host::testing::PricingGuest;

use crate::kit::{Kit, good_guest};

async fn inspect(component: Vec<u8>) -> Result<Inspection, Rejection> {
    Kit::new().host.inspect(component.into(), COMPONENT_BYTES_DEFAULT).await
}

async fn refusal(component: Vec<u8>) -> Rejection {
    inspect(component).await.unwrap_err()
}

#[tokio::test]
async fn accepts_a_good_component_and_tells_what_it_is() {
    let kit = Kit::new();
    let schema = r#"{"type": "object", "properties": {"percent": {"type": "integer"}}}"#;
    let component = good_guest().name("wholesale-tiers").version("1.2.0").config_schema(schema).build();
    let size = component.len() as u64;
    let digest = kit.store.put(component.clone());
    let inspection = kit.host.inspect(component.into(), COMPONENT_BYTES_DEFAULT).await.unwrap();
    assert_eq!(inspection.digest, digest.to_string());
    assert_eq!(inspection.size_bytes, size);
    assert_eq!(inspection.manifest.name, "wholesale-tiers");
    assert_eq!(inspection.manifest.version, "1.2.0");
    assert_eq!(inspection.manifest.config_schema, schema);
    assert_eq!(inspection.contract, "soko:pricing@0.1.0");
    assert_eq!(inspection.imports, ["soko:pricing/log@0.1.0", "soko:pricing/types@0.1.0"]);
    assert!(kit.price(1, digest).await.outcome.is_ok());
    assert_eq!(kit.host.stats().compiles, 1, "what was inspected is not compiled again");
}

#[tokio::test]
async fn refuses_a_component_that_is_too_large() {
    let component = good_guest().build();
    let limit_bytes = component.len() as u64 - 1;
    let refused = Kit::new().host.inspect(component.into(), limit_bytes).await.unwrap_err();
    assert_eq!(refused, Rejection::TooLarge { limit_bytes });
}

#[tokio::test]
async fn refuses_what_is_no_component() {
    let core_module = wat::parse_str("(module)").unwrap();
    let truncated = good_guest().build()[..500].to_vec();
    let mut flipped = good_guest().build();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 40].fill(0xff);
    for file in [Vec::new(), b"\0asm".to_vec(), b"PK\x03\x04 a zip".to_vec(), core_module, truncated, flipped]
    {
        let refused = refusal(file).await;
        assert!(matches!(refused, Rejection::NotAComponent(_)), "{refused}");
    }
}

#[tokio::test]
async fn refuses_a_component_of_another_world() {
    let Rejection::WrongWorld(why) = refusal(PricingGuest::new().price_export("price-cart").build()).await
    else {
        panic!("another rejection")
    };
    assert!(why.contains("price-order"), "{why}");
    let empty = wat::parse_str("(component)").unwrap();
    assert!(matches!(refusal(empty).await, Rejection::WrongWorld(_)));
}

#[tokio::test]
async fn refuses_a_component_whose_exports_have_other_types() {
    let component = wat::parse_str(
        r#"(component
            (core module $M (func (export "f") (result i32) (i32.const 1)))
            (core instance $m (instantiate $M))
            (func $f (result u32) (canon lift (core func $m "f")))
            (export "describe" (func $f))
            (export "price-order" (func $f)))"#,
    );
    let refused = refusal(component.unwrap()).await;
    assert!(matches!(refused, Rejection::WrongWorld(_)), "{refused}");
}

#[tokio::test]
async fn names_the_hosted_contract_to_a_component_of_another() {
    let Rejection::WrongWorld(why) = refusal(good_guest().contract("0.9.0").build()).await else {
        panic!("another rejection")
    };
    assert_eq!(why, "it was built against soko:pricing@0.9.0; hosted: soko:pricing@0.1.0");
}

#[tokio::test]
async fn names_every_forbidden_import() {
    let guest = good_guest()
        .import("wasi:sockets/tcp@0.2.0")
        .import("wasi:io/poll@0.2.0")
        .import("acme:secrets/vault@1.0.0")
        .import("soko:pricing/network@0.1.0");
    let imports = ["acme:secrets/vault@1.0.0", "soko:pricing/network@0.1.0", "wasi:sockets/tcp@0.2.0"];
    let expected =
        Rejection::ForbiddenImports { kind: "pricing", imports: imports.map(str::to_owned).to_vec() };
    assert_eq!(refusal(guest.build()).await, expected);
}

#[tokio::test]
async fn refuses_a_description_that_lies_or_is_malformed() {
    let manifest = async |guest: PricingGuest| match refusal(guest.build()).await {
        Rejection::Manifest(why) => why,
        other => panic!("{other}"),
    };
    let lie = manifest(good_guest().kind("payment")).await;
    assert_eq!(lie, "it calls itself a `payment` plugin, but exports the world of a `pricing` plugin");
    assert!(manifest(good_guest().name("Wholesale Tiers")).await.contains("name"));
    assert!(manifest(good_guest().version("latest")).await.contains("version"));
    assert!(manifest(good_guest().config_schema("not json")).await.contains("no JSON"));
    assert!(manifest(good_guest().config_schema("7")).await.contains("object"));
    assert!(manifest(good_guest().describe("unreachable")).await.starts_with("describe failed: trap"));
    let endless = good_guest().describe("(loop $again (br $again)) unreachable");
    assert!(manifest(endless).await.starts_with("describe failed: fuel"));
}

#[tokio::test]
async fn refuses_a_component_that_fails_its_trial_run() {
    for (price, kind) in [
        ("unreachable", FailureKind::Trap),
        ("(loop $again (br $again)) unreachable", FailureKind::Fuel),
        ("(drop (call $alloc (i32.const 33554432))) unreachable", FailureKind::Memory),
        ("(call $answer (i32.const 0) (i32.const 100000000))", FailureKind::Output),
    ] {
        let refused = refusal(PricingGuest::new().price(price).build()).await;
        assert!(matches!(&refused, Rejection::SmokeRun(failure) if failure.kind == kind), "{refused}");
    }
}

#[tokio::test]
async fn accepts_a_component_that_refuses_the_trial_configuration() {
    assert!(inspect(PricingGuest::new().refuse("no tiers").build()).await.is_ok());
}
