// The five pages the customer wrote, byte for byte, each walked in a local Discord by two people: through subcommands with
// autocompletion, buttons, selects, modals and reactions. One walk is mirrored in a local Slack. Every request of the bot
// is held against Discord's own description of its API.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Bot, eventually, percentile, rendered, seed } from './lib.mjs';
import * as slackSide from './peers/slack/local.mjs';
import { ALICE, BOB, CHANNEL, Discord, Member, buttons, items, keycap, selects, text, ticks } from './peers/discord/people.mjs';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const work = process.env.ROLLCALL_PEERS || await mkdtemp(join(tmpdir(), 'rollcall-peers-'));
const python = process.env.ROLLCALL_E2E_PYTHON || 'python3';
const SLACK_PORT = Number(process.env.SLACK_PORT || 3121);
const SEEDS = ['blue-green-sqlmesh', 'production', 'migration', 'workflow', 'redis-om'];

after(async () => {
  await slackSide.endAll();
  if (!process.env.ROLLCALL_PEERS) await rm(work, { recursive: true, force: true });
});

/** Until a change of one person is seen by the other: the platform takes five messages in five seconds. */
const SEEN = 15_000;
/** Nothing more is posted when nothing was for so long. */
const QUIET = 6_000;

class Walk {
  static async begin(t, name, { env = {}, config } = {}) {
    const walk = Object.assign(new Walk(), {
      name, seen: [], turn: 0, ways: { words: 0, select: 0, keycap: 0, check: 0, show: 0, button: 0, skip: 0 },
    });
    walk.discord = await Discord.up(join(work, 'discord'));
    const stop = async () => {
      if (walk.bot) {
        // It broke off: what was said may tell why.
        console.error(walk.bot.log);
        await walk.keepLog();
        await walk.bot.end();
      }
      await walk.discord.down();
    };
    t.after(stop);
    const pages = Object.fromEntries(await Promise.all(SEEDS.map(async (s) => [`${s}.md`, await seed(s)])));
    walk.bot = await Bot.start({ pages, config, env: { ...walk.discord.env, ...env } });
    walk.alice = new Member(walk.discord, ALICE, 'alice');
    walk.bob = new Member(walk.discord, BOB, 'bob');
    await eventually('the bot is connected', async () =>
      (await walk.discord.control('clients')).some((c) => c.identified), 30_000);
    await eventually('its commands are registered', async () => (await walk.discord.control('commands')).length, 30_000);
    return walk;
  }

  /** With the version alone, the pickers ask; or everything by autocompletion. */
  async start({ picked = true, more = {} } = {}) {
    const { alice, name } = this;
    if (picked) {
      let answer = await alice.slash('start', { version: 'v1.2.0', ...more });
      const choice = (m, what) => buttons(m).find((b) => b.custom_id.includes(what));
      answer = await alice.press(answer.message, choice(answer.message, `checklist:${name}`).custom_id);
      const environment = answer.message && (choice(answer.message, 'env:prod') ?? choice(answer.message, 'env:'));
      if (environment) await alice.press(answer.message, environment.custom_id);
    } else {
      const lists = await alice.offered('start', 'checklist', name.slice(0, 4), { version: 'v1.2.0' });
      const checklist = lists.find((c) => c.value.includes(name)).value;
      const given = { version: 'v1.2.0', checklist, ...more };
      const environments = await alice.offered('start', 'env', '', given);
      if (environments.length) given.env = (environments.find((e) => /prod/.test(e.value)) ?? environments[0]).value;
      let answer = await alice.slash('start', given);
      const environment = answer.message && buttons(answer.message).find((b) => b.custom_id.includes('env:'));
      if (environment) answer = await alice.press(answer.message, environment.custom_id);
    }
    await this.discord.sees(/v1\.2\.0/);
    this.board = await eventually('a board with buttons', async () => (await this.discord.messages()).find((m) => buttons(m).length), SEEN);
    await eventually('a section in the thread', async () => (await this.sections()).length, SEEN);
  }

  async thread() { return (await this.discord.threads())[0]; }

  /** The messages with items that can be changed. */
  async sections() {
    const thread = await this.thread();
    if (!thread) return [];
    // What a tick there says has happened is nothing to be done.
    const criteria = /Rollback criteria/;
    return (await this.discord.messages(thread.id)).filter((m) => m.nonce !== null && items(m).length && !criteria.test(text(m)));
  }

  record() { return this.bot.record(); }

  /** Waits until the thread shows these items so, measured. */
  async shows(numbers, ticked = true) {
    const began = performance.now();
    await eventually(`${numbers} ${ticked ? 'ticked' : 'open'} in the thread`, async () => {
      const all = await this.sections();
      return numbers.every((number) => all.some((m) => {
        const select = ticks(m);
        if (select) return select.options.some((o) => o.value === number && Boolean(o.default) === ticked);
        return buttons(m).some((b) => b.custom_id.endsWith(` ${ticked ? 'untick' : 'tick'} ${number}`));
      }));
    }, SEEN);
    this.seen.push(performance.now() - began);
  }

  /** By a subcommand, the item found by autocompletion. */
  async byWords(message, open) {
    const offered = await this.bob.offered('tick', 'items', open[0], {}, message.channel);
    const found = offered.find((o) => String(o.value).split(' ')[0] === open[0]) ?? offered[0];
    assert.ok(found, `${open[0]} is offered`);
    const first = await this.bob.slash('tick', { items: found.value }, message.channel);
    assert.doesNotMatch(first.text, /nothing was/i);
    if (open.length > 1) await this.alice.slash('tick', { items: open.slice(1).join(', '), note: 'seen by both' });
    await this.shows(open);
    this.ways.words += open.length;
  }

  /** By the choice: what was ticked stays, what is open is added. */
  async bySelect(message, open) {
    const select = ticks(message);
    const chosen = select.options.filter((o) => o.default || open.includes(o.value)).map((o) => o.value);
    await this.alice.choose(message, select, chosen);
    await this.shows(open);
    // One that was left out is unticked.
    if (this.ways.select === 0) {
      const now = (await this.sections()).find((m) => m.id === message.id);
      await this.bob.choose(now, ticks(now), chosen.filter((n) => n !== open[0]));
      await this.shows([open[0]], false);
      await this.alice.slash('tick', { items: open[0] });
      await this.shows(open);
    }
    this.ways.select += open.length;
  }

  /** By keycaps; taking one off unticks. */
  async byKeycap(message, open) {
    const pressed = open.map((number) => [number, keycap(message, number)]).filter(([, cap]) => cap);
    assert.ok(pressed.length, `keycaps on ${text(message)}`);
    await eventually('the bot seeds the keycaps', async () => {
      const now = (await this.discord.messages(message.channel)).find((m) => m.id === message.id);
      return pressed.every(([, cap]) => now.reactions.some((r) => r.emoji === cap));
    }, 30_000);
    for (const [i, [, cap]] of pressed.entries()) await (i % 2 ? this.alice : this.bob).react(message, cap);
    await this.shows(pressed.map(([number]) => number));
    const [number, cap] = pressed[0];
    if (this.ways.keycap === 0) {
      await this.bob.unreact(message, cap);
      await this.shows([number], false);
      await this.bob.react(message, cap);
      await this.shows([number]);
    }
    this.ways.keycap += pressed.length;
  }

  /** ✅ asks first, in the thread; whoever says yes ticks what is open. */
  async byCheck(message, open) {
    await this.alice.react(message, '✅');
    const asked = await eventually('a question', async () => (await this.discord.all())
      .find((m) => m.nonce === null && buttons(m).some((b) => /^say:#\d+ tick/.test(b.custom_id))), SEEN);
    const before = await this.record();
    assert.ok(open.every((n) => before.items.find((i) => i.number === n).state === 'open'), 'nothing is ticked before the yes');
    await this.alice.press(asked, buttons(asked).find((b) => /^say:#\d+ tick/.test(b.custom_id)).custom_id);
    await this.shows(open);
    await this.alice.unreact(message, '✅');
    this.ways.check += open.length;
  }

  /** One item shown in full, only to who wants it, with all that can be done. */
  async byShow(message, open) {
    const show = selects(message).find((s) => s !== ticks(message));
    for (const number of open.slice(0, 2)) {
      const option = show.options.find((o) => o.value === number);
      if (!option) continue;
      const answer = await this.bob.choose(message, show, [option.value]);
      const button = buttons(answer.message).find((b) => /^say:#\d+ tick/.test(b.custom_id));
      await this.bob.press(answer.message, button.custom_id);
      this.ways.show += 1;
    }
    const rest = open.slice(2);
    if (rest.length) await this.bob.slash('tick', { items: rest.join(', ') });
    await this.shows(open);
  }

  /** The only item of a message has buttons of its own. */
  async byButton(message, open) {
    const button = buttons(message).find((b) => /^say:#\d+ tick/.test(b.custom_id));
    await this.alice.pressThrough(message, button.custom_id);
    await this.shows(open);
    this.ways.button += 1;
  }

  /** The first message with something open, once it has been posted. */
  async open() {
    let found = {};
    await eventually('something is open', async () => {
      const state = new Map((await this.record()).items.map((i) => [i.number, i]));
      const message = (await this.sections()).find((m) => items(m).some((i) => state.get(i)?.state === 'open'));
      found = { message, state };
      return message;
    }, QUIET).catch(() => {});
    return found;
  }

  /** Whatever is open in the thread, message by message, each in another way, until nothing is. `limit` messages. */
  async settle(limit = Infinity) {
    for (let n = 0; n < limit; n += 1) {
      const { message, state } = await this.open();
      if (!message) return;
      const open = items(message).filter((i) => state.get(i)?.state === 'open');
      const optional = open.find((i) => state.get(i).optional);
      if (optional && this.ways.skip < 3) {
        await this.bob.slash('skip', { items: optional });
        this.ways.skip += 1;
        await eventually(`${optional} is skipped`, async () => (await this.record()).items.find((i) => i.number === optional).state === 'skipped');
        continue;
      }
      const many = [this.bySelect, this.byKeycap, this.byWords, this.byCheck, this.byShow];
      const way = ticks(message) ? many[this.turn % many.length] : this.byButton;
      this.turn += 1;
      await way.call(this, message, open);
    }
  }

  /** The outcome is a post, the board says so, the record is attached, the log is sound. */
  async outcome(says) {
    // Every section's message is edited before, a second each.
    await this.discord.sees(says, 60_000);
    await eventually('the board says so', async () => (await this.discord.messages()).some((m) => m.id === this.board.id && says.test(text(m))), SEEN);
    const attached = await eventually('the record is attached', async () => (await this.discord.all()).flatMap((m) => m.files).find((f) => /\.md$/.test(f.name)), 90_000);
    const record = rendered(attached.text);
    for (const words of [says, /v1\.2\.0/, /alice/, /bob/]) assert.match(record, words);
    await this.bot.terminal('audit', 'verify');
  }

  async keepLog() {
    const log = join(work, `${this.name}.json`);
    await writeFile(log, JSON.stringify(await this.discord.control('log')));
    return log;
  }

  /** No message was posted twice, each request was one Discord takes, and answers came in time. */
  async end(t) {
    const { seen, ways } = this;
    const ms = (share) => Math.round(percentile(seen, share));
    t.diagnostic(`${this.name}: ${JSON.stringify(ways)}; the thread showed it after ${ms(0.5)} ms (p95 ${ms(0.95)}, most ${ms(1)})`);
    const posted = (await this.discord.all()).filter((m) => m.nonce);
    assert.equal(new Set(posted.map((m) => m.nonce)).size, posted.length, 'each message once');
    assert.deepEqual(await this.discord.control('late'), [], 'every first answer within 3 seconds');
    const log = await this.keepLog();
    const verdict = await run(python, [join(here, 'peers', 'discord', 'validate.py'), log], { maxBuffer: 1 << 26 })
      .catch((error) => { throw new Error(`Discord would not take it:\n${error.stdout}${error.stderr}`); });
    t.diagnostic(verdict.stdout.trim().split('\n').at(-1));
    const bot = this.bot;
    this.bot = null;
    const { code } = await bot.end();
    assert.equal(code, 0, 'it ends cleanly');
  }
}

const button = (m, words) => buttons(m).find((b) => new RegExp(`^\\w+:#\\d+ ${words}`).test(b.custom_id));

for (const [n, name] of SEEDS.filter((s) => s !== 'production').entries()) {
  test(`${name}.md is walked to success on Discord`, async (t) => {
    const walk = await Walk.begin(t, name);
    await walk.start({ picked: n % 2 === 0 });
    const early = await walk.alice.slash('finish');
    assert.match(early.text, /\d/, 'finish is refused while required items are open, and says which');
    assert.notEqual((await walk.record()).status, 'succeeded');
    await walk.settle();
    const board = await eventually('the board offers the end', async () =>
      (await walk.discord.messages()).find((m) => m.id === walk.board.id && button(m, 'finish')), SEEN);
    await walk.alice.pressThrough(board, button(board, 'finish').custom_id);
    await walk.outcome(/succeeded/i);
    // What comes after success has opened and can be walked, too.
    await walk.settle();
    await walk.end(t);
  });
}

test('production.md is walked half way on Discord, rolled back, and said to be', async (t) => {
  const walk = await Walk.begin(t, 'production');
  await walk.start();
  await walk.settle(6);
  // One item fails, by the buttons of the item in full and a modal: everybody reads it.
  const record = await walk.record();
  const message = (await walk.sections()).find((m) => ticks(m) && items(m).some((i) => record.items.find((x) => x.number === i)?.state === 'open'));
  const failing = items(message).find((i) => record.items.find((x) => x.number === i).state === 'open');
  const shown = await walk.bob.choose(message, selects(message).find((s) => s !== ticks(message)), [failing]);
  const fail = button(shown.message, 'fail');
  await walk.bob.submit(await walk.bob.press(shown.message, fail.custom_id), shown.message, 'error rate 4%');
  await walk.discord.sees(/error rate 4\\?%/);
  const board = await eventually('the board', async () => (await walk.discord.messages()).find((m) => m.id === walk.board.id && button(m, 'rollback')), SEEN);
  await walk.alice.pressThrough(board, button(board, 'rollback').custom_id, 'error rate 4%');
  await eventually('it is rolling back', async () => (await walk.record()).status === 'rolling_back');
  const late = await walk.bob.slash('tick', { items: failing });
  assert.match(late.text, /roll/i, 'the forward walk is closed');
  await walk.settle();
  await walk.bob.slash('rolled-back');
  await walk.outcome(/rolled back/i);
  await walk.settle();
  await walk.end(t);
});

test('workflow.md is walked in Slack and Discord at once, with ticks from both', async (t) => {
  const slack = await slackSide.LocalSlack.start({ port: SLACK_PORT, mode: 'socket' });
  const config = `[people.alice]\nname = "Alice"\nslack = "${slackSide.ALICE}"\ndiscord = "${ALICE}"\n`;
  const walk = await Walk.begin(t, 'workflow', { env: slack.env, config });
  await walk.start({ picked: false, more: { follow: `slack:${slackSide.DEPLOYS}` } });
  await eventually('Slack shows the board', () => slack.post('/board'), SEEN);
  // In turn: what is ticked here is seen there.
  const there = (number, ticked) => eventually(`${number} in Slack`, async () => {
    const boxes = (await slack.posts()).flatMap((m) => slackSide.controls(m.blocks).map((c) => ({ ...c, message: m })))
      .filter(({ element }) => element.type === 'checkboxes');
    const found = boxes.find(({ element }) => slackSide.options(element).some((o) => o.value === number));
    const on = (found?.element.initial_options ?? []).some((o) => o.value === number);
    return found && on === ticked && found;
  }, SEEN);
  let turn = 0;
  const crossed = [];
  for (;;) {
    const { message, state } = await walk.open();
    if (!message) break;
    for (const number of items(message).filter((i) => state.get(i)?.state === 'open')) {
      const began = performance.now();
      if (turn % 2 === 0) {
        await walk.bob.slash('tick', { items: number }, message.channel);
        await there(number, true);
      } else {
        await slack.command(slackSide.ALICE, `tick ${number}`);
        await walk.shows([number]);
      }
      crossed.push(performance.now() - began);
      turn += 1;
    }
  }
  assert.ok(turn > 4, 'both sides ticked');
  // Unticked in Discord, seen open in Slack; ticked there, seen in Discord.
  const record = await walk.record();
  const again = record.items.findLast((i) => i.state === 'ticked').number;
  await walk.bob.slash('untick', { items: again });
  await there(again, false);
  await slack.command(slackSide.ALICE, `tick ${again}`);
  await walk.shows([again]);
  const ms = (share) => Math.round(percentile(crossed, share));
  t.diagnostic(`${crossed.length} ticks crossed over; seen on the other side after ${ms(0.5)} ms (p95 ${ms(0.95)})`);
  assert.ok(ms(0.5) < 3_000, `a tick is seen on the other side within a second or two, not ${ms(0.5)} ms`);
  const ended = await walk.alice.slash('finish');
  assert.doesNotMatch(ended.text, /nothing was/i);
  await walk.discord.sees(/succeeded|success/i);
  await eventually('Slack says so', async () => (await slack.posts()).some((m) => /succeeded|success/i.test(JSON.stringify(m))), SEEN);
  // One person, by whichever account.
  const people = (await walk.record()).people.map((p) => p.name);
  assert.equal(people.filter((name) => /alice/i.test(name)).length, 1, `alice is one person: ${people}`);
  await walk.end(t);
  await slack.end();
});
