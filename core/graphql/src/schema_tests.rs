#![expect(clippy::unwrap_used, reason = "a failed test")]
//! The exported schemas show every change of the API; `SOKO_WRITE_SCHEMA=1` writes them anew.

use std::path::PathBuf;

use crate::admin::AdminSchema;
use crate::shop::ShopSchema;

fn assert_current(name: &str, sdl: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
    if std::env::var_os("SOKO_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, sdl).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = stored.lines().zip(sdl.lines()).find(|(stored, now)| stored != now);
    assert!(stored == sdl, "schema/{name} is not current, see {differs:?}: run with SOKO_WRITE_SCHEMA=1");
}

#[test]
fn exports_the_shop_schema_as_it_is() {
    assert_current("shop.graphql", &ShopSchema::new().sdl());
}

#[test]
fn exports_the_admin_schema_as_it_is() {
    assert_current("admin.graphql", &AdminSchema::new().sdl());
}
