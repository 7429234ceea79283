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

-- What the statements of both backends call by the same name.

-- The ids of a list that is one parameter: `[1,2,3]`.
CREATE FUNCTION json_each(ids TEXT) RETURNS TABLE (value BIGINT)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CAST(element AS BIGINT) FROM json_array_elements_text(CAST(ids AS JSON)) AS element $$;

CREATE FUNCTION regexp(pattern TEXT, content TEXT) RETURNS BOOLEAN
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT content ~ pattern $$;

-- The second wall between channels: a transaction sees the rows of the channel that it says it works for, of any when
-- it says 0, and none when it says nothing. Rows of no channel belong to the platform: everybody sees them, and only the
-- platform's own work writes them. The words of the full-text index have no policy, which would keep the index from being
-- used: what they lead to has one.

CREATE FUNCTION scope_channel_id() RETURNS BIGINT
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT CAST(NULLIF(current_setting('soko.channel_id', TRUE), '') AS BIGINT) $$;

CREATE PROCEDURE guard_tenant_tables() LANGUAGE plpgsql AS $$
DECLARE
    tenant_table TEXT;
BEGIN
    -- What a role may do where is the platform's: one role holds in many channels.
    FOR tenant_table IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_name = 'channel_id'
          AND table_name NOT IN ('role_channel', 'search_text')
          AND table_name NOT IN (SELECT tablename FROM pg_policies WHERE schemaname = current_schema())
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format(
            'CREATE POLICY own_channel ON %I '
            'USING (channel_id IS NULL OR (SELECT scope_channel_id()) IN (0, channel_id)) '
            'WITH CHECK ((SELECT scope_channel_id()) IN (0, channel_id))',
            tenant_table
        );
    END LOOP;
END
$$;

-- Every migration that adds tables of tenants ends with this.
CALL guard_tenant_tables();
