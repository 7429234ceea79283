// What the handler wants of the world. The address of a Slack webhook is itself the secret that lets one post there, so
// the handler has to read it.
export const WEBHOOK_URL = 'webhook-url';

export const CAPABILITIES = {
  hosts: ['hooks.slack.com'],
  secrets: [
    { name: WEBHOOK_URL, description: 'The address of an incoming webhook of your Slack workspace.', readable: true },
  ],
  kv: false,
  sms: false,
  email: false,
  push: false,
  inbox: false,
  contact: false,
};
