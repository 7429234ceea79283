//! What the program says to those who hold it wrong.

use std::process::Output;

use soko_tests::{program, with_server};

fn soko(arguments: &[&str]) -> Output {
    program(arguments).output().expect("the program runs")
}

/// Runs a command that must fail with this status and say this.
fn fails(arguments: &[&str], status: i32, expected: &str) {
    let output = soko(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
    assert!(said.contains(expected), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?} answers nothing");
}

#[test]
fn refuses_data_directories_that_are_none() {
    let home = tempfile::tempdir().expect("a directory");
    let path = |name: &str| home.path().join(name).to_str().expect("a path").to_owned();
    let (file, broken, nowhere) = (path("file"), path("broken"), path("nowhere"));
    std::fs::write(&file, "x").expect("a file");
    for command in [&["migrate"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let arguments = [command, &["--data", &file]].concat();
        fails(&arguments, 1, "file is a file where a directory is needed");
    }
    std::fs::create_dir(&broken).expect("a directory");
    std::fs::write(path("broken/soko.db"), vec![7_u8; 10_000]).expect("a file");
    fails(&["migrate", "--data", &broken], 1, "soko.db cannot be used: ");
    let list = ["plugin", "list", "--channel", "default", "--data", &nowhere];
    fails(&list, 1, "there is no platform in ");
    assert!(!std::path::Path::new(&nowhere).exists(), "nothing is created");
}

#[test]
fn says_which_channels_there_are() {
    let home = tempfile::tempdir().expect("a directory");
    let data = home.path().to_str().expect("a path");
    assert!(soko(&["migrate", "--data", data]).status.success());
    let list = ["plugin", "list", "--channel", "alpha", "--data", data];
    fails(&list, 1, "the platform has no channels yet");
    fails(&["receipts", "replay", "ABC", "--data", data], 1, "there is no order with the code \"ABC\"");
    with_server(async |server| {
        let data = server.data().to_str().expect("a path");
        let upload = ["plugin", "upload", file!(), "--channel", "gamma", "--data", data];
        fails(&upload, 1, "there is no channel with the code \"gamma\"; there are: alpha, beta");
        let listed = soko(&["plugin", "list", "--channel", "alpha", "--data", data]);
        assert_eq!(String::from_utf8_lossy(&listed.stdout), "alpha has no plugins\n");
    });
}

#[test]
fn names_the_file_that_is_no_plugin() {
    with_server(async |server| {
        let data = server.data().to_str().expect("a path");
        let file = server.data().join("rule.wasm");
        std::fs::write(&file, "no component").expect("a file");
        let file = file.to_str().expect("a path");
        fails(&["plugin", "check", file], 1, "rule.wasm is refused: this is no WebAssembly component");
        let upload = ["plugin", "upload", file, "--channel", "alpha", "--data", data];
        fails(&upload, 1, "rule.wasm is not stored: this is no WebAssembly component");
    });
}

#[test]
fn every_command_takes_a_configuration_file() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("shop.toml");
    std::fs::write(&file, "[http]\nnonsense = 1").expect("a file");
    let file = file.to_str().expect("a path");
    for command in [
        &["serve"][..],
        &["demo"],
        &["migrate"],
        &["config"],
        &["receipts", "replay", "ABC"],
        &["import", "products", "goods.csv", "--channel", "alpha"],
    ] {
        let arguments = [command, &["--config", file]].concat();
        fails(&arguments, 2, "there is no setting `http.nonsense` (set in ");
    }
    fails(&["--config", file, "plugin", "list", "--channel", "alpha"], 2, "there is no setting");
}
