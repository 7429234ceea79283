//! `soko import …`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use soko_domain::catalogue::import::{FILE_BYTES_MAX, ImportError, ImportProgress, ImportReport};
use soko_domain::{ProductImport, ProductImportError};
use soko_kernel::Language;

use super::{FileArg, operator};
use crate::config::Settings;
use crate::wiring::{Options, Platform};

/// Longest that the one transaction of an import may take: a file of the largest size on a slow disk.
const TRANSACTION_MAX: Duration = Duration::from_mins(10);
/// Pictures between two lines of progress.
const PICTURES_PER_LINE: usize = 25;

/// Fill a shop from files.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Import products, variants and their stock from a CSV file of Vendure's form.
    ///
    /// All or nothing: when any row is rejected, every rejected row is listed with its line and the reason, nothing is
    /// imported, and the exit status is 1. A running server sells the products with its next request; while a very
    /// large file is being written, its other changes wait.
    Products(ProductsArgs),
}

/// A file of products for a shop.
#[derive(Debug, Args)]
#[command(after_help = COLUMNS)]
pub struct ProductsArgs {
    /// The CSV file, in UTF-8.
    file: PathBuf,
    /// Code of the shop's channel.
    #[arg(long, value_name = "CODE")]
    channel: String,
    /// Directory of the pictures that the file names; without it they are left out.
    #[arg(long, value_name = "DIR")]
    assets: Option<PathBuf>,
    /// Language of the columns that name none [default: the channel's default language].
    #[arg(long, value_name = "CODE", value_parser = parse_language)]
    language: Option<Language>,
    /// Check the file and say what would be imported, but change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    settings_file: FileArg,
}

const COLUMNS: &str = "\
Columns: name, slug, description, assets, facets, optionGroups, optionValues, sku, price, taxCategory, stockOnHand,
trackInventory, variantAssets, variantFacets. Of these name, sku and price must be there. Texts may have further
columns for other languages, such as name:sw.

A row without a name is a further variant of the product above it. Several values in a cell are split by |, a facet is
facet:value, and a price is in major units with a decimal point: 1299.00.";

fn parse_language(code: &str) -> Result<Language, String> {
    Language::parse(code).ok_or_else(|| "is no language code such as en, sw or pt_BR".to_owned())
}

impl ImportCommand {
    /// The configuration file that the command names.
    pub(super) fn settings_file(&self) -> FileArg {
        let Self::Products(args) = self;
        args.settings_file.clone()
    }
}

/// Runs one of the commands.
///
/// # Errors
/// Whatever the use case refuses.
pub async fn run(settings: &Settings, command: ImportCommand) -> anyhow::Result<()> {
    let ImportCommand::Products(args) = command;
    let file = read_file(&args.file).await?;
    if let Some(directory) = args.assets.as_ref().filter(|directory| !directory.is_dir()) {
        bail!("there is no directory {}", directory.display());
    }
    let options = Options { transaction_limit: Some(TRANSACTION_MAX), ..Options::for_this_program()? };
    let platform = operator::open_with(settings, &options).await?;
    let outcome = import_products(&platform, &args, &file).await;
    platform.close().await;
    outcome
}

async fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let unreadable = || format!("{} cannot be read", path.display());
    let about = tokio::fs::metadata(path).await.with_context(unreadable)?;
    if about.is_dir() {
        bail!("{} is a directory, not a CSV file", path.display());
    }
    if usize::try_from(about.len()).map_or(true, |bytes| bytes > FILE_BYTES_MAX) {
        bail!("{} is larger than {FILE_BYTES_MAX} bytes; split it", path.display());
    }
    tokio::fs::read(path).await.with_context(unreadable)
}

async fn import_products(platform: &Platform, args: &ProductsArgs, file: &[u8]) -> anyhow::Result<()> {
    let actor = operator::in_channel(platform, &args.channel).await?;
    let import = ProductImport {
        language: args.language,
        assets_directory: args.assets.clone(),
        dry_run: args.dry_run,
        on_progress: Some(Arc::new(tell)),
    };
    match platform.services.import_products(&actor, file, import).await {
        Ok(report) => {
            print_report(&report, args);
            Ok(())
        }
        Err(ProductImportError::Import(ImportError::Rejected(rejections))) => {
            let mut stderr = std::io::stderr().lock();
            for rejection in rejections.iter() {
                let told =
                    writeln!(stderr, "{}:{}: {}", args.file.display(), rejection.line, rejection.reason);
                told.context("the rejected rows cannot be listed")?;
            }
            bail!(
                "nothing was imported: {} found in {}",
                count(rejections.len(), "fault"),
                args.file.display()
            )
        }
        Err(error) => Err(error).with_context(|| format!("{} was not imported", args.file.display())),
    }
}

fn tell(progress: ImportProgress) {
    match progress {
        ImportProgress::Read { rows, rejections: 0 } => eprintln!("read {}", count(rows, "row")),
        ImportProgress::Read { rows, rejections } => {
            eprintln!("read {}: {}", count(rows, "row"), count(rejections, "fault"));
        }
        ImportProgress::Pictures { done, total } => {
            if done == total || done % PICTURES_PER_LINE == 0 {
                eprintln!("{done} of {}", count(total, "picture"));
            }
        }
        ImportProgress::Writing { products, variants } => {
            eprintln!("writing {} with {}", count(products, "product"), count(variants, "variant"));
        }
    }
}

fn print_report(report: &ImportReport, args: &ProductsArgs) {
    let ImportReport { products, variants, facet_values, option_groups, options, assets, notes } = report;
    for note in notes {
        eprintln!("note: {note}; --assets DIR says where they are");
    }
    let done = if args.dry_run { "would import" } else { "imported" };
    println!(
        "{done} {} with {} into {}",
        count(*products, "product"),
        count(*variants, "variant"),
        args.channel
    );
    println!(
        "new: {}, {}, {}, {}",
        count(*facet_values, "facet value"),
        count(*option_groups, "option group"),
        count(*options, "option"),
        count(*assets, "picture")
    );
}

/// `1 row`, `2 rows`.
fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
