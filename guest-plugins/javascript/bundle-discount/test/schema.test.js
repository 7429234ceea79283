// The configuration schema: what a binding may say, checked before the rule ever sees it.
import Ajv2020 from 'ajv/dist/2020.js';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { priceOrder } from '../src/bundles.js';

const read = async (name) => JSON.parse(await readFile(new URL(`../${name}`, import.meta.url), 'utf8'));
const validate = new Ajv2020().compile(await read('config-schema.json'));

test('accepts the example, and so does the rule', async () => {
  const example = await read('example-config.json');
  assert.ok(validate(example), JSON.stringify(validate.errors));
  assert.deepEqual(priceOrder({ currency: 'KES', lines: [] }, JSON.stringify(example)), []);
});

test('refuses what is no configuration', () => {
  const bundle = { name: 'A', items: [{ sku: 'TEA' }], amountOff: 5 };
  assert.ok(validate({ bundles: [bundle] }));
  const broken = [
    {},
    { bundles: [] },
    { bundles: [bundle], more: 1 },
    { bundles: [{ ...bundle, amountOff: 0 }] },
    { bundles: [{ ...bundle, amountOff: 0.5 }] },
    { bundles: [{ ...bundle, amountOff: '5' }] },
    { bundles: [{ ...bundle, items: [] }] },
    { bundles: [{ ...bundle, items: [{ sku: '' }] }] },
    { bundles: [{ ...bundle, items: [{ sku: 'TEA', quantity: 0 }] }] },
    { bundles: [{ ...bundle, maxPerOrder: 0 }] },
    { bundles: [{ ...bundle, name: undefined }] },
  ];
  for (const config of broken) assert.ok(!validate(config), JSON.stringify(config));
});
