// What a shop's administrator would state of the alerts.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { handler, message, outcome } from '../src/alert.js';

const EVENT = { name: 'order.placed', title: 'Order <A&B>', text: 'Order A of KES 1,160.00 has been placed.' };
const URL = 'https://hooks.slack.com/services/T1/B1/secret';

const host = (answer) => {
  const sent = [];
  const send = (request) => {
    sent.push(request);
    return answer();
  };
  return { sent, send, read: () => new TextEncoder().encode(URL) };
};

const thrown = (payload) => Object.assign(new Error('refused'), { payload });

test('posts the words of the event', () => {
  const slack = host(() => ({ status: 200, headers: [], body: new Uint8Array() }));
  assert.deepEqual(handler(slack)(EVENT, {}, '{ "mention": "!here" }'), { tag: 'done' });
  assert.equal(slack.sent.length, 1);
  assert.equal(slack.sent[0].url, URL);
  const { text } = JSON.parse(new TextDecoder().decode(slack.sent[0].body));
  assert.equal(text, '<!here> *Order &lt;A&amp;B&gt;*\nOrder A of KES 1,160.00 has been placed.');
});

test('leaves out events that the configuration does not name', () => {
  const slack = host(() => assert.fail('nothing is to be sent'));
  assert.equal(handler(slack)(EVENT, {}, '{ "events": ["order.cancelled"] }').tag, 'skipped');
});

test('says whether to try again', () => {
  assert.deepEqual([200, 429, 500, 404].map((status) => outcome(status).tag), ['done', 'retry', 'retry', 'failed']);
  const failing = (payload) => handler(host(() => { throw thrown(payload); }))(EVENT, {}, '{}');
  assert.equal(failing({ tag: 'timed-out' }).tag, 'retry');
  assert.deepEqual(failing({ tag: 'denied', val: 'not allowed' }), { tag: 'failed', val: 'Slack: not allowed' });
});

test('says that the secret is missing', () => {
  const read = () => { throw thrown('unset'); };
  const said = handler({ send: () => assert.fail('nothing is to be sent'), read })(EVENT, {}, '{}');
  assert.deepEqual(said, { tag: 'failed', val: 'the secret webhook-url: unset' });
});

test('mentions nobody unless told to', () => {
  assert.equal(message(EVENT, {}).startsWith('*'), true);
});
