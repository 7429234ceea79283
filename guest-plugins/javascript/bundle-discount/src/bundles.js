/**
 * The rule: an amount off for every complete set of products bought together.
 *
 * - Bundles are tried in the configuration's order, and a unit counts towards one bundle only.
 * - The amount of a bundle is split over its lines by the list price of the units that they give to it. Shares are
 *   whole minor units; what is left over goes to the first lines, one minor unit each.
 * - No line ends below zero: a share beyond what a line still costs moves to the bundle's other lines, and what none
 *   of them can take is not given.
 *
 * Amounts are BigInt minor units throughout, as the contract's `s64` is; quantities are numbers, as its `u32` is.
 */

/** Why an order cannot be priced; `tag` and `val` are the contract's `refusal`. */
export class Refusal extends Error {
  constructor(tag, message) {
    super(message);
    this.payload = { tag, val: message };
  }
}

const AMOUNT_MAX = 2n ** 63n - 1n;
const REASON_MAX_BYTES = 200;

/**
 * The adjustments for an order: for each bundle at most one per line, in the order of the lines.
 *
 * @param {object} context the contract's `context`
 * @param {string} configText the binding's configuration
 * @returns {object[]} the contract's `list<adjustment>`
 * @throws {Refusal}
 */
export function priceOrder(context, configText) {
  const bundles = readConfig(configText);
  const lines = context.lines.map(readLine);
  return bundles.flatMap((bundle) => discountBundle(bundle, lines, context.currency));
}

function readLine(line) {
  if (line.unitListPrice < 0n) {
    throw new Refusal('unsupported', `line ${line.id}: the list price is negative`);
  }
  return {
    id: line.id,
    sku: line.sku,
    unitListPrice: line.unitListPrice,
    /** Units that no bundle has taken yet. */
    units: line.quantity,
    /** What may still be taken off, in minor units. */
    room: line.linePrice > 0n ? line.linePrice : 0n,
  };
}

/** Takes the units of as many complete bundles as there are from the lines, and discounts them. */
function discountBundle(bundle, lines, currency) {
  const complete = countComplete(bundle, lines);
  if (complete === 0) return [];
  const wanted = BigInt(bundle.amountOff) * BigInt(complete);
  if (wanted > AMOUNT_MAX) throw new Refusal('unsupported', `bundle ${bundle.name}: the amount is out of range`);
  const parts = takeUnits(bundle, lines, complete);
  const shares = splitAmount(wanted, parts);
  const times = complete === 1 ? '' : ` × ${complete}`;
  const reason = cutReason(`${bundle.name}${times}: ${showAmount(BigInt(bundle.amountOff), currency)} off each set`);
  return parts.flatMap(({ line }, index) => {
    const share = shares[index];
    if (share === 0n) return [];
    line.room -= share;
    return [{ target: { tag: 'line', val: line.id }, amount: -share, reason }];
  });
}

function countComplete(bundle, lines) {
  const available = new Map();
  for (const line of lines) available.set(line.sku, (available.get(line.sku) ?? 0) + line.units);
  const complete = bundle.items.map((item) => Math.floor((available.get(item.sku) ?? 0) / item.quantity));
  return Math.min(bundle.maxPerOrder, ...complete);
}

/** Which lines give units to the bundles, in the order of the lines, and what those units cost by the list. */
function takeUnits(bundle, lines, complete) {
  const missing = new Map(bundle.items.map((item) => [item.sku, item.quantity * complete]));
  const parts = [];
  for (const line of lines) {
    const taken = Math.min(line.units, missing.get(line.sku) ?? 0);
    if (taken === 0) continue;
    missing.set(line.sku, missing.get(line.sku) - taken);
    line.units -= taken;
    parts.push({ line, worth: line.unitListPrice * BigInt(taken) });
  }
  return parts;
}

/**
 * Splits an amount over parts by their worth, none beyond its line's room.
 *
 * @param {bigint} amount minor units to take off
 * @param {{line: {room: bigint}, worth: bigint}[]} parts
 * @returns {bigint[]} one share per part; their sum is the amount, or all the room when that is less
 */
export function splitAmount(amount, parts) {
  const least = (one, other) => (one < other ? one : other);
  const worth = parts.reduce((sum, part) => sum + part.worth, 0n);
  const shares = parts.map((part) =>
    worth === 0n ? 0n : least((amount * part.worth) / worth, part.line.room),
  );
  const rest = () => amount - shares.reduce((sum, share) => sum + share, 0n);
  // The divisions leave less than one minor unit for each part.
  let left = rest();
  for (let index = 0; index < parts.length && left > 0n; index += 1) {
    if (shares[index] < parts[index].line.room) {
      shares[index] += 1n;
      left -= 1n;
    }
  }
  // A line without room leaves more: the first lines that have room take it.
  for (let index = 0; index < parts.length && left > 0n; index += 1) {
    const more = least(left, parts[index].line.room - shares[index]);
    shares[index] += more;
    left -= more;
  }
  return shares;
}

/** Checks the configuration: the schema's rules that the arithmetic relies on, and what the schema cannot say. */
function readConfig(text) {
  let config;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new Refusal('invalid-config', `no JSON: ${error.message}`);
  }
  if (!Array.isArray(config?.bundles)) throw new Refusal('invalid-config', 'bundles: a list is missing');
  return config.bundles.map(readBundle);
}

function readBundle(bundle, index) {
  const refuse = (message) => {
    throw new Refusal('invalid-config', `bundles[${index}]: ${message}`);
  };
  const isCount = (number) => Number.isSafeInteger(number) && number > 0;
  if (typeof bundle?.name !== 'string') refuse('name is missing');
  if (!Array.isArray(bundle.items) || bundle.items.length === 0) refuse('items are missing');
  if (!isCount(bundle.amountOff)) refuse('amountOff is no whole number above zero');
  if (bundle.maxPerOrder !== undefined && !isCount(bundle.maxPerOrder)) {
    refuse('maxPerOrder is no whole number above zero');
  }
  const items = bundle.items.map((item) => ({ sku: item?.sku, quantity: item?.quantity ?? 1 }));
  if (items.some((item) => typeof item.sku !== 'string')) refuse('an item has no sku');
  if (items.some((item) => !isCount(item.quantity))) refuse('a quantity is no whole number above zero');
  if (new Set(items.map((item) => item.sku)).size < items.length) refuse('a SKU is named twice: set its quantity');
  return { name: bundle.name, items, amountOff: bundle.amountOff, maxPerOrder: bundle.maxPerOrder ?? Infinity };
}

/** Currencies whose minor unit is not a hundredth (ISO 4217). */
const WITHOUT_MINOR_UNIT = new Set(
  'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '),
);
const WITH_THOUSANDTHS = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));

function minorDigits(currency) {
  if (WITHOUT_MINOR_UNIT.has(currency)) return 0;
  return WITH_THOUSANDTHS.has(currency) ? 3 : 2;
}

/** An amount as customers read it: `KES 1,250.00`, `UGX 500`. */
export function showAmount(minorUnits, currency) {
  const digits = minorDigits(currency);
  const text = minorUnits.toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, ',');
  return digits === 0 ? `${currency} ${whole}` : `${currency} ${whole}.${text.slice(-digits)}`;
}

/** The longest start of the text that is within the contract's limit for a reason, in bytes of UTF-8. */
function cutReason(text) {
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    const code = character.codePointAt(0);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > REASON_MAX_BYTES) break;
    kept += character;
  }
  return kept;
}
