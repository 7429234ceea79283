//! Parsed products on their way into the store, in a fixed number of statements.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use soko_infra::Tx;
use soko_kernel::{AssetId, FacetId, FacetValueId, OptionGroupId, OptionId, ProductId};

use super::error::{ImportError, Rejection, Rejections, RowError};
use super::parse::{Coded, ParsedFacetValue, ParsedProduct, ParsedVariant};
use super::{ImportReport, Imported, ImportedVariant, PreparedImport};
use crate::catalogue::asset::repo::StoredFile;
use crate::catalogue::links::repo as links;
use crate::catalogue::translation::repo::{
    ASSET_NAMES, FACET_NAMES, FACET_VALUE_NAMES, OPTION_GROUP_NAMES, OPTION_NAMES, PRODUCT_TEXTS, put_names,
    put_slugged, taken_slugs,
};
use crate::catalogue::translation::{Name, asked_slugs, new_names, new_slugged, with_ids};
use crate::catalogue::variant::{NewVariant, insert_variants_in_tx};
use crate::catalogue::{Writing, asset, facet, option, product};

pub(super) async fn write(
    tx: &mut Tx,
    writing: Writing,
    prepared: &PreparedImport,
) -> Result<Imported, ImportError> {
    let inputs = prepared.products.iter().flat_map(|product| &product.texts);
    let mut taken = taken_slugs(tx, writing.scope, PRODUCT_TEXTS, asked_slugs(inputs)).await?;
    let mut rejections = prepared.rejections.clone();
    for product in prepared.products.iter() {
        for text in &product.texts {
            let slug = text.slug.clone().unwrap_or_default();
            if taken.is_taken(None, text.language, &slug) {
                rejections.push(Rejection { line: product.line, reason: RowError::SlugTaken(slug) });
            }
        }
    }
    if let Some(rejections) = Rejections::try_new(rejections) {
        return Err(ImportError::Rejected(rejections));
    }
    let mut writer = Writer { writing, prepared, report: ImportReport::default() };
    let assets = writer.assets(tx).await?;
    let values = writer.facet_values(tx).await?;
    let mut texts = Vec::with_capacity(prepared.products.len());
    for product in prepared.products.iter() {
        texts.push(new_slugged(&product.texts, &mut taken)?);
    }
    let products = writer.products(tx, &assets, &values).await?;
    put_slugged(tx, writing.scope, PRODUCT_TEXTS, with_ids(&products, texts), writing.now).await?;
    let options = writer.options(tx, &products).await?;
    writer.variants(tx, &products, &options, &assets, &values).await
}

/// The ids of facet values by the codes of facet and value.
type FacetValues = HashMap<(String, String), FacetValueId>;
/// The ids of assets by the names that the file gives them.
type Assets = HashMap<String, AssetId>;
/// The ids of options by the number of their product in the file, the number of their group in it, and their code.
type Options = HashMap<(usize, usize, String), OptionId>;

struct Writer<'p> {
    writing: Writing,
    prepared: &'p PreparedImport,
    report: ImportReport,
}

impl Writer<'_> {
    async fn assets(&mut self, tx: &mut Tx) -> Result<Assets, ImportError> {
        let (names, files): (Vec<String>, Vec<_>) = self.prepared.files.iter().cloned().unzip();
        let Writing { scope, now, languages } = self.writing;
        let ids = asset::repo::insert(tx, scope, &files, now).await?;
        let of_file = |file: StoredFile| vec![Name { language: languages.fallback, name: file.name }];
        let texts = files.into_iter().map(of_file).collect();
        put_names(tx, scope, ASSET_NAMES, with_ids(&ids, texts), now).await?;
        self.report.assets = ids.len();
        Ok(names.into_iter().zip(ids).collect())
    }

    /// Finds facets and values by their codes, and creates those that the channel lacks.
    async fn facet_values(&mut self, tx: &mut Tx) -> Result<FacetValues, ImportError> {
        let Writing { scope, now, .. } = self.writing;
        let products = self.prepared.products.as_slice();
        let of_variants = products.iter().flat_map(|product| &product.variants);
        let of_variants = of_variants.flat_map(|variant| &variant.facet_values);
        let wanted: Vec<&ParsedFacetValue> =
            products.iter().flat_map(|product| &product.facet_values).chain(of_variants).collect();
        let mut facets: HashMap<String, FacetId> = HashMap::new();
        let mut values: FacetValues = HashMap::new();
        for (facet, code, value, value_code) in facet::repo::all_codes(tx, scope).await? {
            facets.insert(code.clone(), facet);
            values.extend(value.zip(value_code).map(|(value, value_code)| ((code, value_code), value)));
        }
        let missing = |wanted: &&&ParsedFacetValue| !facets.contains_key(&wanted.facet.code);
        let new: BTreeMap<&str, &Coded> =
            wanted.iter().filter(missing).map(|one| (one.facet.code.as_str(), &one.facet)).collect();
        let rows: Vec<(String, bool)> = new.keys().map(|code| ((*code).to_owned(), false)).collect();
        let ids = facet::repo::insert_facets(tx, scope, &rows, now).await?;
        let names = names_of(new.values().copied())?;
        put_names(tx, scope, FACET_NAMES, with_ids(&ids, names), now).await?;
        facets.extend(rows.into_iter().map(|(code, _)| code).zip(ids));
        let key = |one: &ParsedFacetValue| (one.facet.code.clone(), one.value.code.clone());
        let new: BTreeMap<(String, String), &Coded> = wanted
            .iter()
            .map(|one| (key(one), &one.value))
            .filter(|(key, _)| !values.contains_key(key))
            .collect();
        let row = |(facet, code): &(String, String)| Some((*facets.get(facet)?, code.clone()));
        let rows: Vec<(FacetId, String)> = new.keys().filter_map(row).collect();
        let ids = facet::repo::insert_values(tx, scope, &rows, now).await?;
        let names = names_of(new.values().copied())?;
        put_names(tx, scope, FACET_VALUE_NAMES, with_ids(&ids, names), now).await?;
        self.report.facet_values = ids.len();
        values.extend(new.into_keys().zip(ids));
        Ok(values)
    }

    async fn products(
        &mut self,
        tx: &mut Tx,
        assets: &Assets,
        values: &FacetValues,
    ) -> Result<Vec<ProductId>, ImportError> {
        let Writing { scope, now, .. } = self.writing;
        let products = self.prepared.products.as_slice();
        let pictures: Vec<Vec<AssetId>> =
            products.iter().map(|product| assets_of(assets, &product.assets)).collect();
        let rows: Vec<(bool, Option<AssetId>)> =
            pictures.iter().map(|pictures| (true, pictures.first().copied())).collect();
        let ids = product::repo::insert(tx, scope, &rows, now).await?;
        self.report.products = ids.len();
        let pictures: Vec<_> = ids.iter().map(|id| id.0).zip(pictures).collect();
        links::replace_ordered(tx, scope, links::PRODUCT_ASSETS, &pictures).await?;
        let of_product = |product: &ParsedProduct| values_of(values, &product.facet_values);
        let values: Vec<_> = ids.iter().map(|id| id.0).zip(products.iter().map(of_product)).collect();
        links::replace(tx, scope, links::PRODUCT_FACET_VALUES, &values).await?;
        Ok(ids)
    }

    /// Creates the products' option groups and options. Groups that products share are found by their code.
    async fn options(&mut self, tx: &mut Tx, products: &[ProductId]) -> Result<Options, ImportError> {
        let Writing { scope, now, .. } = self.writing;
        let mut shared: HashMap<String, OptionGroupId> =
            option::repo::group_codes(tx, scope).await?.into_iter().map(|(id, code)| (code, id)).collect();
        let parsed = || {
            let numbered = self.prepared.products.iter().enumerate();
            numbered.flat_map(|(at, product)| {
                product.groups.iter().enumerate().map(move |(group_at, group)| ((at, group_at), group))
            })
        };
        // A group of its own is new whatever its code; one that is shared is new once.
        let mut new: Vec<(Vec<(usize, usize)>, &Coded)> = Vec::new();
        let mut new_shared: HashMap<&str, usize> = HashMap::new();
        let mut groups: HashMap<(usize, usize), OptionGroupId> = HashMap::new();
        for (place, group) in parsed() {
            let code = group.group.code.as_str();
            match (group.is_shared, shared.get(code), new_shared.get(code)) {
                (true, Some(id), _) => drop(groups.insert(place, *id)),
                (true, None, Some(index)) => new[*index].0.push(place),
                (true, None, None) => {
                    new_shared.insert(code, new.len());
                    new.push((vec![place], &group.group));
                }
                (false, ..) => new.push((vec![place], &group.group)),
            }
        }
        let codes: Vec<String> = new.iter().map(|(_, group)| group.code.clone()).collect();
        let ids = option::repo::insert_groups(tx, scope, &codes, now).await?;
        let names = names_of(new.iter().map(|(_, group)| *group))?;
        put_names(tx, scope, OPTION_GROUP_NAMES, with_ids(&ids, names), now).await?;
        self.report.option_groups = ids.len();
        for ((places, group), id) in new.iter().zip(&ids) {
            groups.extend(places.iter().map(|place| (*place, *id)));
            shared.insert(group.code.clone(), *id);
        }
        let of_products: Vec<(ProductId, OptionGroupId, i64)> = groups
            .iter()
            .filter_map(|((at, group_at), id)| {
                Some((*products.get(*at)?, *id, i64::try_from(*group_at).unwrap_or(i64::MAX)))
            })
            .collect();
        option::repo::add_to_products(tx, scope, &of_products).await?;
        self.options_of_groups(tx, &groups).await
    }

    async fn options_of_groups(
        &mut self,
        tx: &mut Tx,
        groups: &HashMap<(usize, usize), OptionGroupId>,
    ) -> Result<Options, ImportError> {
        let Writing { scope, now, .. } = self.writing;
        let ids: Vec<OptionGroupId> = groups.values().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut known: HashMap<(OptionGroupId, String), OptionId> =
            option::repo::option_codes(tx, scope, &ids)
                .await?
                .into_iter()
                .map(|(group, option, code)| ((group, code), option))
                .collect();
        let mut wanted: Vec<((usize, usize), OptionGroupId, &Coded)> = Vec::new();
        for (at, product) in self.prepared.products.iter().enumerate() {
            for variant in &product.variants {
                for (group_at, option) in variant.options.iter().enumerate() {
                    wanted.extend(groups.get(&(at, group_at)).map(|group| ((at, group_at), *group, option)));
                }
            }
        }
        // In the file's order, so that sizes stand from small to large where the file has them so.
        let mut seen = BTreeSet::new();
        let is_new = |(_, group, option): &&((usize, usize), OptionGroupId, &Coded)| {
            let key = (*group, option.code.clone());
            !known.contains_key(&key) && seen.insert(key)
        };
        let new: Vec<(OptionGroupId, &Coded)> =
            wanted.iter().filter(is_new).map(|(_, group, option)| (*group, *option)).collect();
        let rows: Vec<(OptionGroupId, String)> =
            new.iter().map(|(group, option)| (*group, option.code.clone())).collect();
        let ids = option::repo::insert_options(tx, scope, &rows, now).await?;
        let names = names_of(new.iter().map(|(_, option)| *option))?;
        put_names(tx, scope, OPTION_NAMES, with_ids(&ids, names), now).await?;
        self.report.options = ids.len();
        known.extend(rows.into_iter().zip(ids));
        let placed = |((at, group_at), group, option): ((usize, usize), OptionGroupId, &Coded)| {
            let id = known.get(&(group, option.code.clone()))?;
            Some(((at, group_at, option.code.clone()), *id))
        };
        Ok(wanted.into_iter().filter_map(placed).collect())
    }

    async fn variants(
        mut self,
        tx: &mut Tx,
        products: &[ProductId],
        options: &Options,
        assets: &Assets,
        values: &FacetValues,
    ) -> Result<Imported, ImportError> {
        let (mut new, mut parsed): (Vec<NewVariant>, Vec<&ParsedVariant>) = (Vec::new(), Vec::new());
        for ((at, product), id) in self.prepared.products.iter().enumerate().zip(products) {
            for variant in &product.variants {
                let option = |(group_at, option): (usize, &Coded)| {
                    options.get(&(at, group_at, option.code.clone())).copied()
                };
                new.push(NewVariant {
                    product_id: *id,
                    enabled: true,
                    translations: variant.names.clone(),
                    sku: variant.sku.clone(),
                    list_price_minor: variant.price_minor,
                    tax_category_id: Some(variant.tax_category_id),
                    option_ids: variant.options.iter().enumerate().filter_map(option).collect(),
                    facet_value_ids: values_of(values, &variant.facet_values),
                    featured_asset_id: None,
                    asset_ids: assets_of(assets, &variant.assets),
                    track_inventory: variant.track_inventory,
                    out_of_stock_threshold: 0,
                    use_global_out_of_stock_threshold: true,
                });
                parsed.push(variant);
            }
        }
        let ids = insert_variants_in_tx(tx, self.writing, &new).await?;
        self.report.variants = ids.len();
        self.report.notes.clone_from(&self.prepared.notes);
        let variant = |(id, variant): (_, &ParsedVariant)| ImportedVariant {
            id,
            line: variant.line,
            sku: variant.sku.clone(),
            stock_on_hand: variant.stock_on_hand,
        };
        Ok(Imported { report: self.report, variants: ids.into_iter().zip(parsed).map(variant).collect() })
    }
}

fn names_of<'c>(
    things: impl Iterator<Item = &'c Coded>,
) -> Result<Vec<Vec<crate::catalogue::translation::Name>>, ImportError> {
    Ok(things.map(|thing| new_names(&thing.names)).collect::<Result<_, _>>()?)
}

fn assets_of(assets: &Assets, names: &[String]) -> Vec<AssetId> {
    names.iter().filter_map(|name| assets.get(name)).copied().collect()
}

fn values_of(values: &FacetValues, parsed: &[ParsedFacetValue]) -> Vec<FacetValueId> {
    let id = |one: &ParsedFacetValue| values.get(&(one.facet.code.clone(), one.value.code.clone()));
    parsed.iter().filter_map(id).copied().collect()
}
