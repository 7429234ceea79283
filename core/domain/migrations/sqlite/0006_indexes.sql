-- What a foreign key refers to is looked for in every child table when it is deleted: without these, row by row.
CREATE INDEX fulfillment_line_order_line ON fulfillment_line (channel_id, order_line_id);
CREATE INDEX product_featured_asset ON product (channel_id, featured_asset_id);
CREATE INDEX product_variant_featured_asset ON product_variant (channel_id, featured_asset_id);
CREATE INDEX collection_featured_asset ON collection (channel_id, featured_asset_id);
CREATE INDEX product_asset_asset ON product_asset (channel_id, asset_id);
CREATE INDEX variant_asset_asset ON variant_asset (channel_id, asset_id);
CREATE INDEX collection_asset_asset ON collection_asset (channel_id, asset_id);
CREATE INDEX asset_tag_tag ON asset_tag (channel_id, tag_id);
CREATE INDEX user_role_role ON user_role (role_id);
CREATE INDEX channel_seller ON channel (seller_id);
CREATE INDEX order_shipping_line_method ON order_shipping_line (channel_id, shipping_method_id);
CREATE INDEX plugin_binding_version ON plugin_binding (channel_id, version_id);
CREATE INDEX plugin_binding_previous_version ON plugin_binding (channel_id, previous_version_id);
CREATE INDEX tax_rate_category ON tax_rate (channel_id, tax_category_id);
CREATE INDEX tax_rate_zone ON tax_rate (channel_id, zone_id);
CREATE INDEX tax_rate_customer_group ON tax_rate (channel_id, customer_group_id);
CREATE INDEX zone_country_country ON zone_country (channel_id, country_id);

-- One receipt of a provider pays once.
CREATE UNIQUE INDEX payment_reference ON payment (channel_id, method, transaction_id)
    WHERE transaction_id IS NOT NULL AND state IN ('Authorized', 'Settled');
