//! An administrator's operations on plugins, and components to upload.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use soko_host::testing::{On, PricingGuest};

use crate::client::{Answer, Client, only_field};

const BINDING: &str = "__typename ... on ErrorResult { errorCode message }
    ... on PluginBinding { id pluginName enabled priority failurePolicy
        current { version { id version digest } config } previous { version { id version } config } }";
/// What is wrong with a configuration, where one is given.
const PROBLEMS: &str = "... on PluginConfigError { problems { path message } }";

/// Whatever uploading a component is answered with.
pub async fn try_upload(admin: &Client, file_name: &str, bytes: Vec<u8>) -> Answer {
    let text = "mutation ($file: Upload!) { uploadPlugin(file: $file) { __typename
        ... on ErrorResult { errorCode message } ... on PluginRejectedError { reason }
        ... on PluginUpload { created version { id pluginId pluginName version digest contract imports } } } }";
    admin.upload(text, json!({}), file_name, bytes).await
}

/// The version of an upload that must go well: `{ id pluginId … }`.
///
/// # Panics
/// When it is refused.
pub async fn upload(admin: &Client, bytes: Vec<u8>) -> Value {
    let field = only_field(&try_upload(admin, "plugin.wasm", bytes).await.data());
    assert_eq!(field["__typename"], "PluginUpload", "{field}");
    field["version"].clone()
}

/// Whatever binding a plugin is answered with.
pub async fn try_bind(admin: &Client, input: Value) -> Answer {
    let text = format!(
        "mutation ($input: BindPluginInput!) {{ bindPlugin(input: $input) {{ {BINDING} {PROBLEMS} }} }}"
    );
    admin.send(&text, json!({ "input": input })).await
}

/// The binding of a version with a configuration, which must go well.
///
/// # Panics
/// When it is refused.
pub async fn bind(admin: &Client, version: &Value, config: Value) -> Value {
    let input = json!({ "pluginId": version["pluginId"], "versionId": version["id"], "config": config });
    binding_of(try_bind(admin, input).await)
}

/// The binding after a change, which must go well.
///
/// # Panics
/// When it is refused.
pub async fn update(admin: &Client, changes: Value) -> Value {
    let text = format!(
        "mutation ($input: UpdatePluginBindingInput!) {{ updatePluginBinding(input: $input) {{ {BINDING} {PROBLEMS} }} }}"
    );
    binding_of(admin.send(&text, json!({ "input": changes })).await)
}

/// Whatever rolling a binding back is answered with.
pub async fn try_roll_back(admin: &Client, binding: &Value) -> Answer {
    let text = format!("mutation ($id: ID!) {{ rollbackPlugin(bindingId: $id) {{ {BINDING} }} }}");
    admin.send(&text, json!({ "id": binding })).await
}

/// Takes a plugin out of use.
///
/// # Panics
/// When it is refused.
pub async fn unbind(admin: &Client, binding: &Value) {
    admin.query("mutation ($id: ID!) { unbindPlugin(id: $id) { id } }", json!({ "id": binding })).await;
}

/// The binding that a mutation answered with.
///
/// # Panics
/// When it was refused.
#[track_caller]
pub fn binding_of(answer: Answer) -> Value {
    let field = only_field(&answer.data());
    assert_eq!(field["__typename"], "PluginBinding", "{field}");
    field
}

/// A component that takes so many cents off every order.
pub fn cents_off(name: &str, version: &str, cents: i64) -> Vec<u8> {
    PricingGuest::new()
        .name(name)
        .version(version)
        .adjust(&[(On::Order, -cents, "a test's discount")])
        .build()
}

/// One of the example plugins, as `cargo xtask guests` leaves it: in the repository, also where `CARGO_TARGET_DIR` sends
/// everything else that is built outside.
///
/// # Panics
/// When it has not been built.
pub fn example(name: &str) -> Vec<u8> {
    let path = components().join(format!("{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask guests`", path.display()))
}

/// Where `cargo xtask guests` puts the example plugins.
pub fn components() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/guests/components")
}

/// A guest that traps when its configuration is longer than `{}`, whose length stands at byte 92 of the arguments.
pub fn trapping_when_configured(name: &str) -> Vec<u8> {
    let body = "(if (i32.gt_u (i32.load offset=92 (local.get $input)) (i32.const 2)) (then unreachable))
         (call $answer (i32.const 4096) (i32.const 0))";
    PricingGuest::new().name(name).price(body).build()
}
