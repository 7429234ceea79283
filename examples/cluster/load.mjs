// Shoppers who check out one order after another: load.mjs URL CLIENTS SECONDS
// Afterwards the platform's operator compares the orders that were acknowledged with those that are stored.
import http from 'node:http';

const [url, clients, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
const password = process.env.SOKO_SUPERADMIN_PASSWORD ?? 'superadmin-demo';
const run = Date.now().toString(36);

/** A request that got no answer: the connection broke. */
class Unanswered extends Error {}

function post(path, session, query, variables) {
  const body = JSON.stringify({ query, variables });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  if (session) headers.authorization = `Bearer ${session}`;
  return new Promise((resolve, reject) => {
    const request = http.request(url + path, { method: 'POST', headers, agent }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('aborted', () => reject(new Unanswered('cut off')));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode !== 200) return reject(new Error(`${response.statusCode} ${text.slice(0, 200)}`));
        const { data, errors } = JSON.parse(text);
        if (errors) return reject(new Error(JSON.stringify(errors)));
        resolve({ data, session: response.headers['vendure-auth-token'] ?? session });
      });
    });
    request.on('error', (error) => reject(new Unanswered(error.message)));
    request.end(body);
  });
}

const ORDER = '__typename ... on Order { code state } ... on ErrorResult { errorCode message }';

async function checkOut(variant, email) {
  let session;
  const step = async (mutation, variables = {}) => {
    const answer = await post('/shop-api', session, mutation, variables);
    session = answer.session;
    return Object.values(answer.data)[0];
  };
  const order = async (mutation, variables) => {
    const result = await step(mutation, variables);
    if (result.__typename !== 'Order') throw new Error(`${result.errorCode}: ${result.message}`);
    return result;
  };
  await order(`mutation ($id: ID!) { addItemToOrder(productVariantId: $id, quantity: 1) { ${ORDER} } }`, { id: variant });
  await order(`mutation ($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) { ${ORDER} } }`, {
    input: { firstName: 'Wanjiku', lastName: 'Mwangi', emailAddress: email },
  });
  await order(`mutation ($input: CreateAddressInput!) { setOrderShippingAddress(input: $input) { ${ORDER} } }`, {
    input: { streetLine1: 'Biashara Street 4', city: 'Nairobi', countryCode: 'KE' },
  });
  const [delivery] = await step('{ eligibleShippingMethods { id } }');
  await order(`mutation ($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id) { ${ORDER} } }`, { id: [delivery.id] });
  await order(`mutation { transitionOrderToState(state: "ArrangingPayment") { ${ORDER} } }`);
  return order(`mutation { addPaymentToOrder(input: { method: "cash", metadata: {} }) { ${ORDER} } }`);
}

async function shop(variant, shopper, until, found) {
  for (let number = 0; Date.now() < until; number += 1) {
    const begun = performance.now();
    try {
      const order = await checkOut(variant, `${run}-${shopper}-${number}@example.com`);
      if (order.state !== 'PaymentSettled') throw new Error(`the order is ${order.state}`);
      found.codes.push(order.code);
      found.times.push(performance.now() - begun);
    } catch (error) {
      if (!(error instanceof Unanswered)) found.refused.push(error.message);
      else found.unanswered += 1;
    }
  }
}

/** The codes of the paid orders among those of this run's shoppers. */
async function storedOrders() {
  const login = 'mutation ($password: String!) { login(username: "superadmin", password: $password) { __typename } }';
  const { session } = await post('/admin-api', undefined, login, { password });
  const page = `query ($skip: Int!) { orders(options: { skip: $skip, take: 100, sort: { id: ASC },
    filter: { customerLastName: { eq: "Mwangi" }, state: { eq: "PaymentSettled" } } }) {
    totalItems items { code customer { emailAddress } } } }`;
  const codes = [];
  for (let skip = 0; ; skip += 100) {
    const { orders } = (await post('/admin-api', session, page, { skip })).data;
    const own = orders.items.filter((order) => order.customer?.emailAddress.startsWith(`${run}-`));
    codes.push(...own.map((order) => order.code));
    if (skip + 100 >= orders.totalItems) return codes;
  }
}

const { data } = await post('/shop-api', undefined, '{ search(input: { term: "tea", take: 1 }) { items { productVariantId } } }');
const variant = data.search.items[0].productVariantId;
const found = { codes: [], times: [], refused: [], unanswered: 0 };
const until = Date.now() + seconds * 1000;
await Promise.all(Array.from({ length: clients }, (_, shopper) => shop(variant, shopper, until, found)));
found.times.sort((a, b) => a - b);
const quantile = (part) => `${found.times[Math.floor(found.times.length * part)].toFixed(0)} ms`;
console.log(`${found.codes.length} checkouts of 7 requests in ${seconds} s, median ${quantile(0.5)}, p99 ${quantile(0.99)}`);
console.log(`${found.refused.length} refused, ${found.unanswered} broken off because a node was killed`);
for (const message of new Set(found.refused)) console.log(`  refused: ${message}`);
const stored = new Set(await storedOrders());
const lost = found.codes.filter((code) => !stored.has(code));
console.log(`${stored.size} paid orders are stored; ${lost.length} of those acknowledged are missing`);
// An order that was paid and whose answer was cut off is stored without being acknowledged; no other may be.
const beyond = stored.size - (found.codes.length - lost.length);
if (lost.length > 0 || beyond > found.unanswered) process.exitCode = 1;
