// Posts what happened to a Slack channel by an incoming webhook, as Slack's documentation of them has it.
//
// To be bound by itself, so that it is called once for each event, for the shop and for no person.
import { WEBHOOK_URL } from './capabilities.js';

/** The contract's `handle`, over what the host offers: `send` a request, `read` a secret. */
export const handler = ({ send, read }) => (event, _recipient, configText) => {
  const config = JSON.parse(configText);
  if (config.events !== undefined && !config.events.includes(event.name)) {
    return { tag: 'skipped', val: `${event.name} is not among the events of the configuration` };
  }
  let url;
  try {
    url = new TextDecoder().decode(read(WEBHOOK_URL));
  } catch (error) {
    return { tag: 'failed', val: `the secret ${WEBHOOK_URL}: ${reasonOf(error)}` };
  }
  const body = new TextEncoder().encode(JSON.stringify({ text: message(event, config) }));
  const headers = [{ name: 'content-type', value: 'application/json' }];
  try {
    return outcome(send({ method: 'post', url, headers, body, credentials: [] }).status);
  } catch (error) {
    // A message that comes twice does less harm here than one that never comes.
    const lost = ['unreachable', 'interrupted', 'timed-out', 'too-large'].includes(error.payload?.tag);
    return { tag: lost ? 'retry' : 'failed', val: `Slack: ${reasonOf(error)}` };
  }
};

/** What is posted: Slack's markup, in which only these three characters mean something by themselves. */
export const message = (event, config) => {
  const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const text = `*${escape(event.title)}*\n${escape(event.text)}`;
  return config.mention === undefined ? text : `<${config.mention}> ${text}`;
};

/** What an HTTP status comes to. */
export const outcome = (status) => {
  if (status >= 200 && status < 300) return { tag: 'done' };
  if (status === 429 || status >= 500) return { tag: 'retry', val: `Slack answered ${status}` };
  return { tag: 'failed', val: `Slack answered ${status}` };
};

/** The contract's errors come as exceptions with a payload: a variant, or the name of an enum's case. */
const reasonOf = (error) => {
  const payload = error.payload ?? error;
  return String(payload.val ?? payload.tag ?? payload);
};
