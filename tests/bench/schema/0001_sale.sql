-- The tables of the measured transaction: what placing an order writes, without its reads.
CREATE TABLE sale (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    total INTEGER NOT NULL
) STRICT;
CREATE TABLE sale_line (
    id INTEGER PRIMARY KEY,
    sale_id INTEGER NOT NULL REFERENCES sale (id),
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL
) STRICT;
CREATE INDEX sale_line_sale ON sale_line (sale_id);
CREATE TABLE sale_event (
    id INTEGER PRIMARY KEY,
    sale_id INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
