// The rules, as a shop's administrator and its customers would state them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { priceOrder, showAmount, splitAmount } from '../src/bundles.js';

const BREAKFAST = { name: 'Breakfast', items: [{ sku: 'TEA' }, { sku: 'MILK', quantity: 2 }], amountOff: 5000 };

const line = (id, sku, quantity, unitListPrice, linePrice = unitListPrice * quantity) => ({
  id,
  variantId: `variant-${sku}`,
  sku,
  productSlug: sku.toLowerCase(),
  quantity,
  unitListPrice: BigInt(unitListPrice),
  linePrice: BigInt(linePrice),
  facetValues: [],
});

const order = (...lines) => ({
  channel: 'duka-moja',
  currency: 'KES',
  pricesIncludeTax: true,
  now: { unixMs: 1780000000000n, date: '2026-05-28', weekday: 4, minuteOfDay: 600 },
  customer: undefined,
  couponCodes: [],
  lines,
});

const price = (context, ...bundles) => priceOrder(context, JSON.stringify({ bundles }));
const amounts = (adjustments) => adjustments.map(({ target, amount }) => [target.val, amount]);

test('gives nothing for an incomplete bundle', () => {
  assert.deepEqual(price(order(line(1, 'TEA', 3, 10000), line(2, 'MILK', 1, 5000)), BREAKFAST), []);
  assert.deepEqual(price(order(line(1, 'TEA', 3, 10000)), BREAKFAST), []);
});

test('splits the amount over the lines by what their units cost', () => {
  const adjustments = price(order(line(1, 'TEA', 1, 15000), line(2, 'MILK', 2, 5000)), BREAKFAST);
  const reason = 'Breakfast: KES 50.00 off each set';
  assert.deepEqual(adjustments, [
    { target: { tag: 'line', val: 1 }, amount: -3000n, reason },
    { target: { tag: 'line', val: 2 }, amount: -2000n, reason },
  ]);
});

test('counts complete bundles over several lines of a SKU', () => {
  const adjustments = price(
    order(line(1, 'MILK', 3, 5000), line(2, 'TEA', 5, 10000), line(3, 'MILK', 1, 5000)),
    BREAKFAST,
  );
  assert.deepEqual(amounts(adjustments), [[1, -3750n], [2, -5000n], [3, -1250n]]);
  assert.equal(adjustments[0].reason, 'Breakfast × 2: KES 50.00 off each set');
});

test('stops at the limit per order', () => {
  const context = order(line(1, 'TEA', 9, 10000), line(2, 'MILK', 18, 5000));
  assert.deepEqual(amounts(price(context, { ...BREAKFAST, maxPerOrder: 1 })), [[1, -2500n], [2, -2500n]]);
});

test('counts a unit towards one bundle only', () => {
  const snack = { name: 'Snack', items: [{ sku: 'TEA' }, { sku: 'CAKE' }], amountOff: 100 };
  const context = order(line(1, 'TEA', 1, 10000), line(2, 'MILK', 2, 5000), line(3, 'CAKE', 1, 10000));
  assert.deepEqual(amounts(price(context, BREAKFAST, snack)), [[1, -2500n], [2, -2500n]]);
  assert.deepEqual(amounts(price(context, snack, BREAKFAST)), [[1, -50n], [3, -50n]]);
});

test('gives the remainder to the first lines', () => {
  const trio = { name: 'Trio', items: [{ sku: 'A' }, { sku: 'B' }, { sku: 'C' }], amountOff: 101 };
  const context = order(line(1, 'A', 1, 100), line(2, 'B', 1, 100), line(3, 'C', 1, 100));
  assert.deepEqual(amounts(price(context, trio)), [[1, -34n], [2, -34n], [3, -33n]]);
});

test('never takes a line below zero', () => {
  // Earlier components left 10 on the tea, so the milk carries the rest.
  const context = order(line(1, 'TEA', 1, 15000, 10), line(2, 'MILK', 2, 5000));
  assert.deepEqual(amounts(price(context, BREAKFAST)), [[1, -10n], [2, -4990n]]);
  const cheap = order(line(1, 'TEA', 1, 1000), line(2, 'MILK', 2, 500));
  assert.deepEqual(amounts(price(cheap, BREAKFAST)), [[1, -1000n], [2, -1000n]]);
  const free = order(line(1, 'TEA', 1, 0), line(2, 'MILK', 2, 0, -5));
  assert.deepEqual(price(free, BREAKFAST), []);
});

test('leaves room for what earlier bundles took off the same line', () => {
  const half = { name: 'Half', items: [{ sku: 'TEA' }], amountOff: 900, maxPerOrder: 1 };
  const other = { name: 'Other', items: [{ sku: 'TEA' }], amountOff: 900, maxPerOrder: 1 };
  assert.deepEqual(amounts(price(order(line(1, 'TEA', 2, 500)), half, other)), [[1, -900n], [1, -100n]]);
});

test('splits every amount without losing or inventing a minor unit', () => {
  let seed = 12345;
  const random = (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return BigInt(seed % below);
  };
  for (let round = 0; round < 2000; round += 1) {
    const parts = Array.from({ length: 1 + Number(random(6)) }, () => ({
      worth: random(1000),
      line: { room: random(800) },
    }));
    const amount = random(3000);
    const room = parts.reduce((sum, part) => sum + part.line.room, 0n);
    const shares = splitAmount(amount, parts);
    const given = shares.reduce((sum, share) => sum + share, 0n);
    assert.equal(given, amount < room ? amount : room, `round ${round}`);
    shares.forEach((share, index) => assert.ok(share >= 0n && share <= parts[index].line.room, `round ${round}`));
  }
});

test('keeps amounts exact beyond what a float holds', () => {
  const gold = { name: 'Gold', items: [{ sku: 'GOLD' }], amountOff: 2 ** 53 - 1 };
  const context = order({ ...line(1, 'GOLD', 3, 0), unitListPrice: 2n ** 60n, linePrice: 2n ** 61n });
  assert.deepEqual(amounts(price(context, gold)), [[1, -27021597764222973n]]);
});

test('shows amounts in their currency', () => {
  assert.equal(showAmount(500n, 'KES'), 'KES 5.00');
  assert.equal(showAmount(5n, 'KES'), 'KES 0.05');
  assert.equal(showAmount(123456789n, 'KES'), 'KES 1,234,567.89');
  assert.equal(showAmount(1500n, 'UGX'), 'UGX 1,500');
  assert.equal(showAmount(1500n, 'KWD'), 'KWD 1.500');
});

test('cuts a long reason within the limit of the contract', () => {
  const [adjustment] = price(order(line(1, 'TEA', 1, 9000)), { name: '茶'.repeat(90), items: [{ sku: 'TEA' }], amountOff: 1 });
  assert.equal(adjustment.reason, '茶'.repeat(66));
});

const refuses = (tag, call) => {
  try {
    call();
  } catch (error) {
    // The bindings hand `payload` to the host as the refusal; any other error would trap.
    assert.ok(Object.hasOwn(error, 'payload'));
    assert.equal(error.payload.tag, tag);
    assert.equal(typeof error.payload.val, 'string');
    return;
  }
  assert.fail(`not refused: ${call}`);
};

test('refuses configurations that make no sense', () => {
  const context = order(line(1, 'TEA', 1, 100));
  const broken = [
    { ...BREAKFAST, amountOff: 0.5 },
    { ...BREAKFAST, amountOff: -1 },
    { ...BREAKFAST, amountOff: '5' },
    { ...BREAKFAST, maxPerOrder: 0 },
    { ...BREAKFAST, items: [] },
    { ...BREAKFAST, items: [{ quantity: 1 }] },
    { ...BREAKFAST, items: [null] },
    { ...BREAKFAST, items: [{ sku: 'TEA', quantity: 0 }] },
    { ...BREAKFAST, items: [{ sku: 'TEA' }, { sku: 'TEA' }] },
    { ...BREAKFAST, name: undefined },
    null,
  ];
  for (const bundle of broken) refuses('invalid-config', () => price(context, bundle));
  for (const text of ['', '{}', 'null', '[]', '{"bundles": 1}']) {
    refuses('invalid-config', () => priceOrder(context, text));
  }
});

test('refuses amounts out of range', () => {
  const gold = { name: 'Gold', items: [{ sku: 'GOLD' }], amountOff: 2 ** 53 - 1 };
  refuses('unsupported', () => price(order(line(1, 'GOLD', 4294967295, 1)), gold));
  refuses('unsupported', () => price(order(line(1, 'GOLD', 1, -1)), gold));
});
