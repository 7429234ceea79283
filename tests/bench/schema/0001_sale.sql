-- The tables of the measured transaction: what placing an order writes, without its reads.
CREATE TABLE sale (
    id INTEGER PRIMARY KEY,
    version BIGINT NOT NULL,
    total BIGINT NOT NULL
) STRICT;
CREATE TABLE sale_line (
    id INTEGER PRIMARY KEY,
    sale_id BIGINT NOT NULL REFERENCES sale (id),
    sku TEXT NOT NULL,
    quantity BIGINT NOT NULL
) STRICT;
CREATE INDEX sale_line_sale ON sale_line (sale_id);
CREATE TABLE sale_event (
    id INTEGER PRIMARY KEY,
    sale_id BIGINT NOT NULL,
    body TEXT NOT NULL
) STRICT;
