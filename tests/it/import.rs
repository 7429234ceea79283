//! `soko import products`, by the program itself, beside a server and without one.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::json;
use soko_tests::platform::BETA;
use soko_tests::{program, with_server};

const FILE: &str = "\
name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,name:sw
Kanga,,Two pieces,kanga.gif,brand:Pwani,colour,Red,KANGA-R,450.00,standard,7,Kanga
,,,,,,Blue,KANGA-B,450.00,,0,
Kikoi,,,,brand:Pwani,,,KIKOI,1200.5,zero,3,Kikoi
";

/// Runs `soko import products` over a data directory, and gives what it said.
fn import(data: &Path, file: &Path, more: &[&str]) -> Output {
    let path = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let (file, data) = (path(file), path(data));
    let arguments = [&["import", "products", &file, "--data", &data], more].concat();
    program(&arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn write(directory: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, content).expect("a file");
    path
}

#[test]
fn fills_a_shop_beside_its_running_server() {
    with_server(async |server| {
        let home = tempfile::tempdir().expect("a directory");
        let file = write(home.path(), "goods.csv", FILE);
        write(home.path(), "kanga.gif", b"GIF89a\x03\0\x02\0\0\0\0;");
        let pictures = home.path().to_str().expect("a path");
        let options = ["--channel", BETA, "--assets", pictures];

        let before = server.shop(BETA).query("{ products { totalItems } }", json!({})).await;
        let tried = import(server.data(), &file, &[&options[..], &["--dry-run"]].concat());
        assert!(tried.status.success(), "{}", text(&tried.stderr));
        assert!(text(&tried.stdout).starts_with("would import 2 products with 3 variants into beta"));
        assert_eq!(server.shop(BETA).query("{ products { totalItems } }", json!({})).await, before);

        let done = import(server.data(), &file, &options);
        assert!(done.status.success(), "{}", text(&done.stderr));
        let said = text(&done.stdout);
        assert!(said.starts_with("imported 2 products with 3 variants into beta"), "{said}");
        assert!(said.contains("new: 1 facet value, 1 option group, 2 options, 1 picture"), "{said}");
        assert!(text(&done.stderr).contains("read 3 rows"), "{}", text(&done.stderr));

        let query = r#"{ product(slug: "kanga") { name description featuredAsset { width }
            variants { sku priceWithTax stockLevel } } }"#;
        let kanga = server.shop(BETA).query(query, json!({})).await["product"].clone();
        assert_eq!(kanga["featuredAsset"]["width"], 3);
        let variants = kanga["variants"].as_array().expect("variants");
        let found: Vec<_> = variants.iter().map(|one| (&one["sku"], &one["stockLevel"])).collect();
        assert_eq!(found[0], (&json!("KANGA-R"), &json!("IN_STOCK")));
        assert_eq!(found[1], (&json!("KANGA-B"), &json!("OUT_OF_STOCK")));
        assert_eq!(variants[0]["priceWithTax"], 45_000);
        let search = r#"{ search(input: { term: "kikoi" }) { items { sku } } }"#;
        let hits = server.shop(BETA).query(search, json!({})).await;
        assert_eq!(hits["search"]["items"], json!([{ "sku": "KIKOI" }]));
        let elsewhere = server.shop(None).query(search, json!({})).await;
        assert_eq!(elsewhere["search"]["items"], json!([]), "another shop sells none of it");

        let twice = import(server.data(), &file, &options);
        assert_eq!(twice.status.code(), Some(1));
        assert!(text(&twice.stderr).contains("goods.csv:2: there is a product with the slug \"kanga\""));
    });
}

#[test]
fn rejects_the_whole_file_and_lists_every_fault() {
    with_server(async |server| {
        let home = tempfile::tempdir().expect("a directory");
        let broken = FILE.replace("450.00,standard", "4,50,standard").replace("1200.5,zero", "12oo,luxury");
        let file = write(home.path(), "broken.csv", broken);
        let refused = import(server.data(), &file, &["--channel", BETA]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(refused.stdout.is_empty());
        let said = text(&refused.stderr);
        for expected in [
            "broken.csv:2: the row has 13 cells where the header has 12",
            "broken.csv:4: \"12oo\" is no price",
            "broken.csv:4: there is no single tax category \"luxury\"",
            "soko: nothing was imported: ",
        ] {
            assert!(said.contains(expected), "{expected}\n{said}");
        }
        let search = r#"{ search(input: { term: "kanga" }) { totalItems } }"#;
        assert_eq!(server.shop(BETA).query(search, json!({})).await["search"]["totalItems"], 0);

        let file = write(home.path(), "columns.csv", "name,sku,price,weight\nTea,T,1,2\n");
        let refused = import(server.data(), &file, &["--channel", BETA]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(text(&refused.stderr).contains("there is no column \"weight\""), "{}", text(&refused.stderr));

        let file = write(home.path(), "goods.csv", FILE);
        for (more, status, expected) in [
            (&["--channel", "gamma"][..], 1, "there is no channel with the code \"gamma\"; there are: "),
            (&["--channel", BETA, "--language", "de"][..], 1, "the channel does not have the language de"),
            (&["--channel", BETA, "--language", "klingon"][..], 2, "is no language code"),
            (&["--channel", BETA, "--assets", "/nowhere"][..], 1, "there is no directory /nowhere"),
            (&[][..], 2, "--channel <CODE>"),
        ] {
            let refused = import(server.data(), &file, more);
            assert_eq!(refused.status.code(), Some(status), "{more:?}");
            assert!(text(&refused.stderr).contains(expected), "{more:?}: {}", text(&refused.stderr));
        }
    });
}

#[test]
fn says_what_is_missing() {
    let home = tempfile::tempdir().expect("a directory");
    let file = write(home.path(), "goods.csv", FILE);
    let nowhere = home.path().join("nowhere");
    let refused = import(&nowhere, &file, &["--channel", BETA]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("there is no platform in "), "{}", text(&refused.stderr));
    assert!(!nowhere.exists(), "nothing is created");
    let refused = import(&nowhere, &home.path().join("none.csv"), &["--channel", BETA]);
    assert!(text(&refused.stderr).contains("none.csv cannot be read"), "{}", text(&refused.stderr));
    let refused = import(&nowhere, home.path(), &["--channel", BETA]);
    assert!(text(&refused.stderr).contains("is a directory"), "{}", text(&refused.stderr));
}
