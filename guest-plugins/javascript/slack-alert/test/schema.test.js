// The configuration schema: what a binding may say, checked before the handler ever sees it.
import Ajv2020 from 'ajv/dist/2020.js';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const read = async (name) => JSON.parse(await readFile(new URL(`../${name}`, import.meta.url), 'utf8'));
const validate = new Ajv2020().compile(await read('config-schema.json'));

test('accepts the example, and no configuration at all', async () => {
  assert.ok(validate(await read('example-config.json')), JSON.stringify(validate.errors));
  assert.ok(validate({}));
});

test('refuses what is no configuration', () => {
  for (const config of [{ events: 'all' }, { events: [''] }, { mention: 'everybody' }, { url: 'https://x' }]) {
    assert.ok(!validate(config), JSON.stringify(config));
  }
});
