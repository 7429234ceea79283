-- What a shop sells. Every shop has its own.

CREATE TABLE asset (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    type TEXT NOT NULL CHECK (type IN ('IMAGE', 'VIDEO', 'BINARY')),
    mime_type TEXT NOT NULL,
    file_size BIGINT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    -- Name in the blob store.
    source TEXT NOT NULL,
    preview TEXT NOT NULL,
    focal_point_x_ppm BIGINT,
    focal_point_y_ppm BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id)
);

CREATE TABLE asset_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, asset_id, language),
    FOREIGN KEY (channel_id, asset_id) REFERENCES asset (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE tag (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    value TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, value)
);

CREATE TABLE asset_tag (
    channel_id BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    tag_id BIGINT NOT NULL,
    PRIMARY KEY (channel_id, asset_id, tag_id),
    FOREIGN KEY (channel_id, asset_id) REFERENCES asset (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, tag_id) REFERENCES tag (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE facet (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    code TEXT NOT NULL,
    is_private BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, code)
);

CREATE TABLE facet_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    facet_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, facet_id, language),
    FOREIGN KEY (channel_id, facet_id) REFERENCES facet (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE facet_value (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    facet_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    UNIQUE (channel_id, facet_id, code),
    FOREIGN KEY (channel_id, facet_id) REFERENCES facet (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE facet_value_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    facet_value_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, facet_value_id, language),
    FOREIGN KEY (channel_id, facet_value_id) REFERENCES facet_value (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE product (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    featured_asset_id BIGINT,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    FOREIGN KEY (channel_id, featured_asset_id) REFERENCES asset (channel_id, id)
);

-- The slug is free again when the product is deleted: deletion clears `live`.
CREATE TABLE product_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT NOT NULL,
    live BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, product_id, language),
    FOREIGN KEY (channel_id, product_id) REFERENCES product (channel_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX product_translation_slug ON product_translation (channel_id, slug, language) WHERE live;

CREATE TABLE product_asset (
    channel_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (channel_id, product_id, asset_id),
    FOREIGN KEY (channel_id, product_id) REFERENCES product (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, asset_id) REFERENCES asset (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE product_facet_value (
    channel_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    facet_value_id BIGINT NOT NULL,
    PRIMARY KEY (channel_id, product_id, facet_value_id),
    FOREIGN KEY (channel_id, product_id) REFERENCES product (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, facet_value_id) REFERENCES facet_value (channel_id, id) ON DELETE CASCADE
);

CREATE INDEX product_facet_value_value ON product_facet_value (channel_id, facet_value_id);

CREATE TABLE option_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id)
);

-- Products may share a group, such as shoe sizes.
CREATE TABLE product_option_group (
    channel_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    option_group_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (channel_id, product_id, option_group_id),
    FOREIGN KEY (channel_id, product_id) REFERENCES product (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, option_group_id) REFERENCES option_group (channel_id, id) ON DELETE CASCADE
);

CREATE INDEX product_option_group_group ON product_option_group (channel_id, option_group_id);

CREATE TABLE option_group_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    option_group_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, option_group_id, language),
    FOREIGN KEY (channel_id, option_group_id) REFERENCES option_group (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE product_option (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    option_group_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    FOREIGN KEY (channel_id, option_group_id) REFERENCES option_group (channel_id, id) ON DELETE CASCADE
);

CREATE INDEX product_option_of_group ON product_option (channel_id, option_group_id);

CREATE TABLE product_option_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    product_option_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, product_option_id, language),
    FOREIGN KEY (channel_id, product_option_id) REFERENCES product_option (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE product_variant (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    product_id BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    sku TEXT NOT NULL,
    -- List price in the channel's currency, with tax where the channel's prices include it.
    list_price BIGINT NOT NULL CHECK (list_price >= 0),
    tax_category_id BIGINT NOT NULL,
    featured_asset_id BIGINT,
    -- TRUE, FALSE or INHERIT the channel's setting.
    track_inventory TEXT NOT NULL CHECK (track_inventory IN ('TRUE', 'FALSE', 'INHERIT')),
    out_of_stock_threshold BIGINT NOT NULL DEFAULT 0,
    use_global_out_of_stock_threshold BOOLEAN NOT NULL DEFAULT TRUE,
    position BIGINT NOT NULL DEFAULT 0,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    FOREIGN KEY (channel_id, product_id) REFERENCES product (channel_id, id),
    FOREIGN KEY (channel_id, featured_asset_id) REFERENCES asset (channel_id, id)
);

CREATE INDEX product_variant_product ON product_variant (channel_id, product_id, position, id);
CREATE INDEX product_variant_sku ON product_variant (channel_id, sku);

CREATE TABLE product_variant_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, variant_id, language),
    FOREIGN KEY (channel_id, variant_id) REFERENCES product_variant (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE variant_asset (
    channel_id BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (channel_id, variant_id, asset_id),
    FOREIGN KEY (channel_id, variant_id) REFERENCES product_variant (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, asset_id) REFERENCES asset (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE variant_facet_value (
    channel_id BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    facet_value_id BIGINT NOT NULL,
    PRIMARY KEY (channel_id, variant_id, facet_value_id),
    FOREIGN KEY (channel_id, variant_id) REFERENCES product_variant (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, facet_value_id) REFERENCES facet_value (channel_id, id) ON DELETE CASCADE
);

CREATE INDEX variant_facet_value_value ON variant_facet_value (channel_id, facet_value_id);

CREATE TABLE variant_option (
    channel_id BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    product_option_id BIGINT NOT NULL,
    PRIMARY KEY (channel_id, variant_id, product_option_id),
    FOREIGN KEY (channel_id, variant_id) REFERENCES product_variant (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, product_option_id) REFERENCES product_option (channel_id, id)
);

CREATE INDEX variant_option_option ON variant_option (channel_id, product_option_id);

-- The tree of categories. The root has no parent and is never shown by itself.
CREATE TABLE collection (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    parent_id BIGINT,
    is_root BOOLEAN NOT NULL DEFAULT FALSE,
    is_private BOOLEAN NOT NULL DEFAULT FALSE,
    position BIGINT NOT NULL DEFAULT 0,
    featured_asset_id BIGINT,
    inherit_filters BOOLEAN NOT NULL DEFAULT TRUE,
    -- JSON list of {code, args: [{name, value}]}.
    filters TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, id),
    FOREIGN KEY (channel_id, parent_id) REFERENCES collection (channel_id, id),
    FOREIGN KEY (channel_id, featured_asset_id) REFERENCES asset (channel_id, id)
);

CREATE INDEX collection_parent ON collection (channel_id, parent_id, position);
CREATE UNIQUE INDEX collection_one_root ON collection (channel_id) WHERE is_root;

CREATE TABLE collection_translation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, collection_id, language),
    UNIQUE (channel_id, slug, language),
    FOREIGN KEY (channel_id, collection_id) REFERENCES collection (channel_id, id) ON DELETE CASCADE
);

CREATE TABLE collection_asset (
    channel_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (channel_id, collection_id, asset_id),
    FOREIGN KEY (channel_id, collection_id) REFERENCES collection (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, asset_id) REFERENCES asset (channel_id, id) ON DELETE CASCADE
);

-- Which variants a collection's filters select; rewritten when variants, facets or filters change.
CREATE TABLE collection_variant (
    channel_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    PRIMARY KEY (channel_id, collection_id, variant_id),
    FOREIGN KEY (channel_id, collection_id) REFERENCES collection (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, variant_id) REFERENCES product_variant (channel_id, id) ON DELETE CASCADE
);

CREATE INDEX collection_variant_variant ON collection_variant (channel_id, variant_id);

-- What full-text search can find: one row per live variant and language, kept by the catalogue in the transaction
-- of every change.
CREATE TABLE search_document (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id BIGINT NOT NULL REFERENCES channel (id),
    product_id BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    UNIQUE (channel_id, variant_id, language),
    FOREIGN KEY (channel_id, product_id) REFERENCES product (channel_id, id) ON DELETE CASCADE,
    FOREIGN KEY (channel_id, variant_id) REFERENCES product_variant (channel_id, id) ON DELETE CASCADE
);

CREATE INDEX search_document_product ON search_document (channel_id, product_id);

-- The words of the documents, by the same id. The texts themselves are not stored again; the column `channel` holds
-- one word that names the channel, so that a search never reads another's postings.
CREATE VIRTUAL TABLE search_text USING fts5 (
    channel, product_name, variant_name, sku, facet_values, description,
    content = '', contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
