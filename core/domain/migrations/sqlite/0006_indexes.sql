-- What a foreign key refers to is looked for in every child table when it is deleted: without these, row by row.
CREATE INDEX fulfillment_line_order_line ON fulfillment_line (order_line_id);
CREATE INDEX product_featured_asset ON product (featured_asset_id);
CREATE INDEX product_variant_featured_asset ON product_variant (featured_asset_id);
CREATE INDEX collection_featured_asset ON collection (featured_asset_id);
CREATE INDEX product_asset_asset ON product_asset (asset_id);
CREATE INDEX variant_asset_asset ON variant_asset (asset_id);
CREATE INDEX collection_asset_asset ON collection_asset (asset_id);
CREATE INDEX asset_tag_tag ON asset_tag (tag_id);
CREATE INDEX user_role_role ON user_role (role_id);
CREATE INDEX channel_seller ON channel (seller_id);
CREATE INDEX collection_parent_collection ON collection (parent_id);
CREATE INDEX order_shipping_line_method ON order_shipping_line (shipping_method_id);
CREATE INDEX plugin_binding_version ON plugin_binding (version_id);
CREATE INDEX plugin_binding_previous_version ON plugin_binding (previous_version_id);
CREATE INDEX plugin_version_digest ON plugin_version (digest);
CREATE INDEX tax_rate_category ON tax_rate (tax_category_id);
CREATE INDEX tax_rate_zone ON tax_rate (zone_id);
CREATE INDEX tax_rate_customer_group ON tax_rate (customer_group_id);
CREATE INDEX zone_country_country ON zone_country (country_id);

-- One receipt of a provider pays once.
CREATE UNIQUE INDEX payment_reference ON payment (channel_id, method, transaction_id)
    WHERE transaction_id IS NOT NULL AND state IN ('Authorized', 'Settled');
