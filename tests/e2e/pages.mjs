// Pages that reach people outside and are acknowledged from there: by the link of a real mail, from PagerDuty's side, by a
// button in a local Slack; with refusals, pauses asked for, and the bot killed in between.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Bot, closeAll, eventually, freePort, open, pause } from './lib.mjs';
import {
  HOOK_SECRET, MailServer, PAGERDUTY_SECRET, ROUTING_KEY, TWILIO, endOutside, hook, pagerDuty, pagerDutyTells, telephone,
} from './peers/page/outside.mjs';
import { ALICE, LocalSlack, controls, endAll } from './peers/slack/local.mjs';

after(async () => {
  await endAll();
  await endOutside();
  await closeAll();
});

const PAGE = `---
service: shop
environment: production
---
# Shop release

## 1. Deploy

- [ ] Image pushed
- [ ] Health checked
`;

/** A bot that pages by these steps, and all there is outside. */
class World {
  static async begin(t, { steps, people = '', env = {}, slack }) {
    const world = Object.assign(new World(), {
      mail: await MailServer.start(), duty: await pagerDuty(), phone: await telephone(), hook: await hook(), port: await freePort(),
    });
    const config = `
public_url = "http://127.0.0.1:${world.port}"
[mail]
server = "127.0.0.1"
port = ${world.mail.port}
tls = "none"
from = "Rollcall <rollcall@example.org>"
[pagerduty.web]
[webhooks.ops]
url = "${world.hook.url}/rollcall"
[twilio]
account = "${TWILIO.account}"
from = "${TWILIO.from}"
api_url = "${world.phone.url}"
[people.ana]
name = "Ana"
email = "ana@example.org"
phone = "+4915112345678"
pagerduty = "web"
${slack ? `slack = "${ALICE}"` : ''}
ways = ["${slack ? 'direct' : 'email'}"]
[people.ben]
name = "Ben"
email = "ben@example.org"
ways = ["email"]
${people}
[policies.all]
environments = ["production"]
${steps}
`;
    world.bot = await Bot.start({
      pages: { 'shop.md': PAGE }, config, port: world.port,
      env: {
        ROLLCALL_PAGERDUTY_KEY_WEB: ROUTING_KEY, ROLLCALL_PAGERDUTY_WEBHOOK_SECRET: PAGERDUTY_SECRET,
        ROLLCALL_WEBHOOK_SECRET_OPS: HOOK_SECRET, ROLLCALL_TWILIO_TOKEN: TWILIO.token, PAGERDUTY_API_URL: world.duty.url,
        ...env,
      },
    });
    t.after(async () => {
      if (!t.passed) console.error(world.bot.log);
      await world.bot.end();
    });
    const started = await world.bot.say('start v1.2.0', 'Zoe');
    assert.ok(started.ok, JSON.stringify(started));
    return world;
  }

  async page(words = 'page the database is down') {
    const paged = await this.bot.say(words, 'Zoe');
    assert.ok(paged.ok, JSON.stringify(paged));
  }

  /** The record says so. */
  recorded(what) {
    return eventually(`the record says ${what}`, async () => what.test(JSON.stringify(await this.bot.record())), 20_000);
  }

  /** Nobody outside was sent anything that breaks what is published. */
  clean() {
    assert.deepEqual([...this.duty.wrong, ...this.phone.wrong, ...this.hook.wrong], []);
  }
}

const step = (targets, more = '') => `[[policies.all.steps]]\ntargets = ${JSON.stringify(targets)}\n${more}\n`;

test('a mail with a link: looked at it does nothing, pressed it acknowledges, and the receiver is told', async (t) => {
  const world = await World.begin(t, { steps: step(['ana', 'webhook:ops']) + step(['ben'], 'after = "10m"') });
  await world.page();
  const mail = await world.mail.to('ana@example.org');
  assert.deepEqual(mail.defects, []);
  assert.match(mail.subject, /the database is down/);
  assert.equal(mail.automatic, 'auto-generated');
  const link = mail.text.match(/Acknowledge: (\S+)/)[1];
  assert.ok(mail.html.includes(`href="${link}"`), 'both parts carry the link');
  const told = await world.hook.until('the receiver is called', (c) => c.json.type === 'page.open');
  assert.equal(told.json.deployment, 1);

  // A program looks through the mail; the bot dies; then Ana presses, signed in nowhere.
  assert.equal((await fetch(link)).status, 200);
  assert.equal((await fetch(`${link}x`)).status, 404);
  await world.bot.kill();
  await world.bot.up();
  const browser = await (await open()).newContext();
  const window = await browser.newPage();
  await window.goto(link);
  assert.match(await window.innerText('main'), /Acknowledge this page\?/);
  await window.click('main button');
  await window.getByRole('heading', { name: 'Acknowledged' }).waitFor();
  await browser.close();
  const acknowledged = await world.hook.until('the receiver is told', (c) => c.json.type === 'page.acknowledged');
  assert.equal(acknowledged.headers['idempotency-key'], `${told.headers['idempotency-key']}#acknowledged`);
  await world.recorded(/Ana/);
  assert.equal((await world.mail.mails()).filter((m) => m.to === 'ben@example.org').length, 0, 'nobody else is called');
  world.clean();
});

test('PagerDuty: asked to wait and waiting, acknowledged there, resolved here', async (t) => {
  const world = await World.begin(t, { steps: step(['pagerduty:web']) + step(['ben'], 'after = "10m"') });
  world.duty.script.push([429, {}, { 'retry-after': '1' }], [500, {}]);
  await world.page();
  const event = await world.duty.until('the third attempt', (c) => c.event.event_action === 'trigger' && world.duty.got.length >= 3, 60_000);
  assert.equal(event.event.dedup_key, 'rollcall/1/page/1');
  await world.bot.kill();
  await world.bot.up();
  assert.equal(await pagerDutyTells(world.bot, 'incident.acknowledged', 'rollcall/1/page/1', 'Ana', { secret: 'forged' }), 401);
  const id = '01ONCE';
  assert.equal(await pagerDutyTells(world.bot, 'incident.acknowledged', 'rollcall/1/page/1', 'Ana', { id }), 200);
  assert.equal(await pagerDutyTells(world.bot, 'incident.acknowledged', 'rollcall/1/page/1', 'Ana', { id }), 200);
  assert.equal(await pagerDutyTells(world.bot, 'incident.triggered', 'rollcall/1/page/1', 'Ana'), 200);
  await world.duty.until('the state goes back', (c) => c.event.event_action === 'acknowledge');
  const resolved = await world.bot.say('resolve 1', 'Ana');
  assert.ok(resolved.ok, JSON.stringify(resolved));
  await world.duty.until('it is resolved there', (c) => c.event.event_action === 'resolve');
  const actions = world.duty.got.filter((c) => c.event.event_action !== 'trigger').map((c) => c.event.event_action);
  assert.deepEqual(actions, ['acknowledge', 'resolve'], 'each once');
  world.clean();
});

test('a way that fails falls through to the next at once', async (t) => {
  const people = '[people.chidi]\nname = "Chidi"\nemail = "nobody@example.org"\nphone = "+4915187654321"\nways = ["email", "sms", "voice"]';
  const world = await World.begin(t, { steps: step(['chidi']), people });
  await world.page();
  const text = await world.phone.until('a text message', (c) => c.path.endsWith('/Messages.json'));
  assert.equal(text.form.To, '+4915187654321');
  assert.match(text.form.Body, /the database is down[^]*http:\/\/127\.0\.0\.1:\d+\/ack\/1-1-chidi-[0-9a-f]{32}$/);
  assert.equal(world.phone.got.filter((c) => c.path.endsWith('/Calls.json')).length, 0, 'the text message went out');
  const acknowledged = await world.bot.say('ack 1', 'Chidi');
  assert.ok(acknowledged.ok, JSON.stringify(acknowledged));
  world.clean();
});

test('in Slack: a direct message, acknowledged by its button', async (t) => {
  const slack = await LocalSlack.start({ port: await freePort(), mode: 'socket' });
  const world = await World.begin(t, { steps: step(['ana', 'channel']), slack: true, env: slack.env });
  await eventually('the bot is linked', async () => {
    await slack.collect();
    return [...slack.calls.values()].some((c) => c.method === 'apps.connections.open');
  }, 30_000);
  await pause(1_000);
  await world.page();
  const sent = await eventually('a direct message', async () => {
    await slack.collect();
    const opened = [...slack.calls.values()].some((c) => c.method === 'conversations.open' && JSON.stringify(c.args).includes(ALICE));
    const posts = [...slack.calls.values()].filter((c) => c.method === 'chat.postMessage' && /^D/.test(c.args.channel));
    return opened && posts.at(-1);
  }, 30_000);
  const message = await eventually('it stands there', () => slack.post('/page/1/', sent.args.channel), 20_000);
  const button = controls(message.blocks).find(({ element }) => element.value === '#1 ack 1');
  assert.ok(button, JSON.stringify(message.blocks));
  await world.bot.kill();
  await world.bot.up();
  await pause(2_000);
  await slack.act(ALICE, message, button);
  await world.recorded(/Ana/);
  await eventually('nobody can press it any more', async () => {
    const now = await slack.post('/page/1/', sent.args.channel);
    return !controls(now.blocks).some(({ element }) => element.value === '#1 ack 1');
  }, 20_000);
  world.clean();
});
