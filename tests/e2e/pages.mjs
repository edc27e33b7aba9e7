// Pages that reach people outside and are acknowledged from there: by the link of a real mail, from PagerDuty's side, by a
// button in a local Slack or Discord; with refusals, pauses asked for, and the bot killed in between.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Bot, Person, closeAll, eventually, freePort, open, pause } from './lib.mjs';
import * as there from './peers/discord/people.mjs';
import {
  HOOK_SECRET, MailServer, PAGERDUTY_SECRET, ROUTING_KEY, SILENCE, TWILIO, endOutside, hook, pagerDuty, pagerDutyTells, telephone,
} from './peers/page/outside.mjs';
import { ALICE, LocalSlack, controls, endAll } from './peers/slack/local.mjs';

const work = process.env.ROLLCALL_PEERS || await mkdtemp(join(tmpdir(), 'rollcall-peers-'));

after(async () => {
  if (!process.env.ROLLCALL_PEERS) await rm(work, { recursive: true, force: true });
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
  static async begin(t, { steps, people = '', env = {}, slack, discord, ready = () => {}, start = 'start v1.2.0' }) {
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
${slack ? `slack = "${ALICE}"` : ''}${discord ? `discord = "${there.ALICE}"` : ''}
ways = ["${slack || discord ? 'direct' : 'email'}"]
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
    await ready();
    const started = await world.bot.say(start, 'Zoe');
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

  /** What the record says of a page: whom, how, when, or why not. */
  async trail(page = 1) {
    const found = (await this.bot.record()).pages.find((p) => p.number === page);
    return found.trail.map((line) => line.text).join('\n');
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
  const [first, second, third] = world.duty.got;
  assert.ok(second.at - first.at >= 1_000, 'it waits for as long as it is asked to');
  assert.deepEqual([first.body, second.body], [third.body, third.body], 'one incident, however often it is told');
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

test('PagerDuty says no: the next way at once, and the trail says why', async (t) => {
  const people = '[people.chidi]\nname = "Chidi"\nemail = "chidi@example.org"\npagerduty = "web"\nways = ["pagerduty", "email"]';
  const world = await World.begin(t, { steps: step(['chidi']) + step(['ben'], 'after = "10m"'), people });
  world.duty.script.push([400, { status: 'invalid event', message: 'Event object is invalid', errors: ['Length of routing_key is wrong'] }]);
  await world.page();
  const mail = await world.mail.to('chidi@example.org');
  assert.match(mail.subject, /the database is down/);
  const said = /Chidi: PagerDuty failed \(PagerDuty answers 400: Event object is invalid; Length of routing_key is wrong\), e-mail delivered/;
  await eventually('the trail says why', async () => said.test(await world.trail()), 20_000);
  const resolved = await world.bot.say('resolve 1', 'Chidi');
  assert.ok(resolved.ok, JSON.stringify(resolved));
  await world.recorded(/Resolved/);
  assert.deepEqual(world.duty.got.map((c) => c.event.event_action), ['trigger'], 'for good: not tried again, and nothing to take back');
  assert.equal((await world.mail.all('ben@example.org')).length, 0, 'the next step is not due');
  world.clean();
});

test('killed between steps and in the middle of a call: it climbs on in time, and stops for good', async (t) => {
  const people = '[people.chidi]\nname = "Chidi"\nemail = "chidi@example.org"\nways = ["email"]';
  const steps = step(['pagerduty:web', 'ben']) + step(['chidi', 'webhook:ops'], 'after = "10s"') + step(['ana'], 'after = "10s"');
  const world = await World.begin(t, { steps, people });
  world.duty.script.push(SILENCE);
  world.hook.script.push(SILENCE);
  const paged = Date.now();
  await world.page();
  await world.duty.until('the call to PagerDuty is under way', () => true);
  await eventually('the mail is recorded', async () => /Ben: e-mail delivered/.test(await world.trail()), 20_000);
  await world.bot.kill();
  await world.bot.up();
  // Whether PagerDuty has it nobody knows: it is told again, of the same incident. The mail is known to be sent.
  await world.duty.until('PagerDuty is told again', () => world.duty.got.length === 2);
  const [before, again] = world.duty.got.map((c) => c.event);
  assert.deepEqual([before.event_action, again.event_action], ['trigger', 'trigger']);
  assert.equal(again.dedup_key, before.dedup_key);

  const open = await world.hook.until('the second step', (c) => c.json.type === 'page.open');
  const late = open.at - paged - 10_000;
  assert.ok(late > -500 && late < 5_000, `the second step is called in time, not ${late} ms late`);
  await eventually('the mail of it is recorded', async () => /Chidi: e-mail delivered/.test(await world.trail()), 8_000);
  // The receiver has not answered when Ben takes the page, and the bot dies at once.
  const taken = await world.bot.say('ack 1', 'Ben');
  assert.ok(taken.ok, JSON.stringify(taken));
  await world.bot.kill();
  await world.bot.up();
  await world.duty.until('PagerDuty is told who has it', (c) => c.event.event_action === 'acknowledge');
  const told = await world.hook.until('the receiver is told, too', (c) => c.json.type === 'page.acknowledged');
  assert.equal(told.headers['idempotency-key'], `${open.headers['idempotency-key']}#acknowledged`);
  // Another page goes as far as where the first one would have gone on.
  await world.page('page the queue is long');
  const second = (m) => /the queue is long/.test(m.subject);
  await eventually('the other page climbs', async () => (await world.mail.all('chidi@example.org')).some(second), 20_000);
  await eventually('the first would have climbed by now', () => Date.now() > open.at + 12_000, 20_000);
  assert.equal((await world.mail.all('ana@example.org')).length, 0, 'nobody is called for what somebody has');
  for (const who of ['ben@example.org', 'chidi@example.org']) {
    assert.equal((await world.mail.all(who)).filter((m) => !second(m)).length, 1, `one mail to ${who}: it was recorded before the bot died`);
  }
  const ofFirst = world.duty.got.filter((c) => c.event.dedup_key === before.dedup_key).map((c) => c.event.event_action);
  assert.deepEqual(ofFirst.slice(0, 3), ['trigger', 'trigger', 'acknowledge'], 'one incident');
  // The bot may have died before it recorded that PagerDuty heard: then it is told once more, of the same incident.
  assert.deepEqual(ofFirst.slice(3).filter((action) => action !== 'acknowledge'), [], 'never called again once somebody has it');
  assert.ok(ofFirst.length <= 4, `${ofFirst}`);
  assert.equal(world.hook.got.filter((c) => c.json.page === 1 && c.json.type === 'page.open').length, 1, 'never called again once somebody has it');
  world.clean();
});

test('in Discord: acknowledged by a button, and everywhere it says who has it', async (t) => {
  for (const port of ['API_PORT', 'TLS_PORT', 'CTL_PORT']) process.env[port] ??= String(await freePort());
  const discord = await there.Discord.up(join(work, 'discord'));
  t.after(() => discord.down());
  const people = '[people.chidi]\nname = "Chidi"\nemail = "chidi@example.org"\nways = ["email"]';
  const world = await World.begin(t, {
    steps: step(['ana', 'ben', 'channel', 'webhook:ops']) + step(['chidi'], 'after = "10s"'), people,
    discord: true, env: discord.env, start: `start v1.2.0 follow:discord:${there.CHANNEL}`,
    ready: () => eventually('the bot is connected', async () => (await discord.control('clients')).some((c) => c.identified), 30_000),
  });
  await world.page();
  const has = (m) => there.buttons(m).some((b) => b.custom_id === 'say:#1 ack 1');
  const letter = async () => {
    const channel = (await discord.control('channels')).find((c) => c.name === `direct-${there.ALICE}`);
    return channel && (await discord.messages(channel.id)).find((m) => m.nonce);
  };
  const fits = (m) => m.nonce && [/Page 1: the database is down/, /Opened/].every((words) => words.test(there.text(m)));
  const card = async () => (await discord.messages()).find(fits);
  const direct = await eventually('a direct message with its button', async () => { const m = await letter(); return m && has(m) && m; }, 20_000);
  await eventually('a card with its button', async () => { const m = await card(); return m && has(m); }, 20_000);
  const mail = await world.mail.to('ben@example.org');
  const link = mail.text.match(/Acknowledge: (\S+)/)[1];
  assert.match(await (await fetch(link)).text(), /<button/, 'while nobody has it, it is asked');

  const told = await new there.Member(discord, there.ALICE, 'alice').press(direct, 'say:#1 ack 1');
  assert.match(told.text, /You have page 1/);
  // From here on: the chat, the console, the mail's link and the receiver.
  const says = new RegExp(`(Ana|<@${there.ALICE}>) has it since`);
  for (const [where, message] of [['the direct message', letter], ['the card', card]]) {
    await eventually(`${where} says who has it`, async () => { const m = await message(); return says.test(there.text(m)) && !has(m); }, 20_000)
      .catch(async (error) => { throw new Error(`${error.message}: ${JSON.stringify(await message())}`); });
  }
  const zoe = await Person.at(world.bot, 'Zoe');
  await zoe.page.locator('[data-feed] article', { hasText: 'Page 1: the database is down' }).filter({ hasText: 'Ana has it since' }).first().waitFor();
  await zoe.leave();
  const page = await (await fetch(link)).text();
  assert.match(page, /Ana has this page/);
  assert.match(page, /Ana has it since \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  assert.doesNotMatch(page, /<form|<button/, 'nothing to press');
  await world.hook.until('the receiver is told', (c) => c.json.type === 'page.acknowledged');

  // Another page, opened later, goes on to the step the first one never reaches.
  await world.page('page the queue is long');
  await world.mail.to('chidi@example.org');
  const subjects = (await world.mail.all('chidi@example.org')).map((m) => m.subject);
  assert.equal(subjects.length, 1, `${subjects}`);
  assert.match(subjects[0], /the queue is long/, 'nobody was called for what Ana has');
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
