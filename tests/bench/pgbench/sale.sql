BEGIN;
INSERT INTO sale (version, total) VALUES (1, 116000) RETURNING id AS sale \gset
INSERT INTO sale_line (sale_id, sku, quantity) VALUES (:sale, 'UNGA-2KG', 1), (:sale, 'SUGAR-2KG', 2), (:sale, 'TEA-250G', 3);
UPDATE sale SET version = version + 1 WHERE id = :sale AND version = 1;
INSERT INTO sale_event (sale_id, body) VALUES (:sale, '{"type":"OrderPlaced","total":116000,"currency":"KES"}');
COMMIT;
