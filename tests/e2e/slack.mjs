// The customer's five pages walked in a local Slack by two people: commands, checkboxes, menus, buttons, reactions and
// modals, in Socket Mode and over HTTP. Everything the bot sent is held against Slack's own models at the end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { join } from 'node:path';
import { Bot, closeAll, eventually, freePort, open, pause, root, seed } from './lib.mjs';
import { ALICE, BOB, LocalSlack, controls, endAll, key, options } from './peers/slack/local.mjs';

after(async () => {
  await endAll();
  await closeAll();
});

const SEEDS = ['blue-green-sqlmesh', 'production', 'migration', 'workflow', 'redis-om'];
const EMOJI = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'keycap_ten'];
const WITHIN = 30_000;

const boxesOf = (message) => controls(message.blocks).filter(({ element }) => element.type === 'checkboxes');
const values = (some = []) => some.map((o) => o.value);
const chosen = ({ element }) => values(element.initial_options);

/** The boxes of a message as people see them: number, ticked or not, and the emoji that toggles it. */
function items(message) {
  const cap = (text) => {
    const found = text.match(/^(?:([1-9])\uFE0F?\u20E3|(🔟))/u);
    return found && EMOJI[(found[1] ? Number(found[1]) : 10) - 1];
  };
  return boxesOf(message).flatMap((control) => control.element.options.map((o) => ({
    number: o.value, ticked: chosen(control).includes(o.value), emoji: cap(o.text.text), control,
  })));
}

class Walk {
  static async begin(name, mode) {
    const pages = Object.fromEntries(await Promise.all(SEEDS.map(async (s) => [`${s}.md`, await seed(s)])));
    const [port, botPort] = [await freePort(), await freePort()];
    const slack = await LocalSlack.start({ port, mode, botPort });
    const bot = await Bot.start({ pages, env: slack.env, port: botPort });
    if (mode === 'socket') {
      await eventually('the bot is linked', async () => {
        await slack.collect();
        return [...slack.calls.values()].some((c) => c.method === 'apps.connections.open');
      }, WITHIN);
      await pause(1_000);
    }
    return Object.assign(new Walk(), { name, slack, bot, turn: 0, ways: {} });
  }

  did(way, n = 1) { this.ways[way] = (this.ways[way] ?? 0) + n; }

  /** Does something that is answered to that person alone; gives the answer. */
  async asked(user, act) {
    const before = (await this.slack.told(user)).length;
    await act();
    return eventually('an answer', async () => {
      const told = await this.slack.told(user);
      return told.length > before && told.at(-1);
    }, WITHIN);
  }

  /** Presses the first button whose words match. */
  async press(user, message, words) {
    const found = controls(message.blocks).find(({ element }) => element.type === 'button' && words.test(element.value));
    assert.ok(found, `no button saying ${words} in ${JSON.stringify(message.blocks)}`);
    await this.slack.act(user, message, found);
  }

  /** Sends the modal in, as the page would; `fills`: action → text, or a value of its options. */
  async submit(user, before, fills) {
    const { view } = await eventually('a modal', async () => {
      await this.slack.collect();
      const opened = [...this.slack.calls.values()].filter((c) => c.method === 'views.open');
      return opened.length > before && opened.at(-1).args;
    }, WITHIN);
    const filled = {};
    for (const { block, element } of controls(view.blocks)) {
      const fill = fills[element.action_id];
      const option = fill === undefined ? element.initial_option : options(element).find((o) => o.value === fill);
      const held = { type: element.type };
      if (['static_select', 'radio_buttons'].includes(element.type)) held.selected_option = option ?? null;
      else if (element.type === 'checkboxes') held.selected_options = [];
      else if (element.type === 'users_select') held.selected_user = fill ?? null;
      else if (element.type === 'conversations_select') held.selected_conversation = fill ?? null;
      else if (element.type === 'multi_conversations_select') held.selected_conversations = [];
      else held.value = fill ?? element.initial_value ?? null;
      filled[block] = { [element.action_id]: held };
    }
    this.page ??= await (await open()).newPage();
    await this.page.goto(this.slack.url);
    const left = await this.page.evaluate(([user, filled]) => new Promise((done, fail) => {
      const line = new WebSocket(`ws://${location.host}/ui`);
      line.onopen = () => line.send(JSON.stringify({ t: 'view_submit', user, values: filled }));
      line.onmessage = ({ data }) => {
        const told = JSON.parse(data);
        if (told.t === 'view') done({ open: told.stack?.length ?? 0 });
        if (told.t === 'view_errors') done({ errors: told.errors });
      };
      setTimeout(() => fail(new Error('the modal was not answered')), 10_000);
    }), [user, filled]);
    this.did('modal');
    return left;
  }

  async opened() {
    await this.slack.collect();
    return [...this.slack.calls.values()].filter((c) => c.method === 'views.open').length;
  }

  /** By the modal, or by words and the pickers they are answered with. */
  async start(byModal) {
    const { slack } = this;
    if (byModal) {
      const before = await this.opened();
      await slack.command(ALICE, 'start');
      const left = await this.submit(ALICE, before, { version: 'v1.2.0', checklist: this.name, env: 'production' });
      assert.equal(left.errors, undefined, JSON.stringify(left));
    } else {
      const asked = await this.asked(ALICE, () => slack.command(ALICE, 'start v1.2.0'));
      await this.press(ALICE, asked, new RegExp(`checklist:${this.name}\\b`));
    }
    const begun = () => slack.post('/start@');
    const environment = await eventually('a start, or a question', async () => {
      if (await begun()) return true;
      const last = (await slack.told(ALICE)).at(-1);
      return controls(last?.blocks).some(({ element }) => /env:/.test(element.value ?? '')) && last;
    }, WITHIN);
    if (environment !== true) await this.press(ALICE, environment, /env:"?prod/).catch(() => this.press(ALICE, environment, /env:/));
    const start = await eventually('the announcement', begun, WITHIN);
    assert.match(JSON.stringify(start), /v1\.2\.0/);
    await eventually('the board', () => slack.post('/board@'), WITHIN);
    const section = await eventually('a section', async () => {
      const post = await slack.post('/section/');
      return post && boxesOf(post).length && post;
    }, WITHIN);
    const seen = (await slack.posts()).map((m) => `${m.ts} ${key(m)}`).join('\n');
    assert.equal(section.thread_ts, start.ts, `sections are in the thread of the announcement:\n${seen}`);
  }

  /** The message as it stands now. */
  now(message) { return this.slack.post(key(message)); }

  async shows(message, numbers, ticked = true) {
    await eventually(`${numbers} shown ${ticked ? 'ticked' : 'open'}`, async () => {
      const there = items(await this.now(message));
      return numbers.every((n) => there.find((i) => i.number === n)?.ticked === ticked);
    }, WITHIN);
  }

  /** Each ticks half of a group of boxes; what two groups do not hold, one says. */
  async byBoxes(message, left) {
    const groups = boxesOf(message).filter((c) => left.some((i) => i.control.block === c.block)).slice(0, 2);
    for (const control of groups) {
      const mine = left.filter((i) => i.control.block === control.block).map((i) => i.number);
      const half = mine.slice(0, Math.ceil(mine.length / 2));
      for (const [user, some] of [[ALICE, half], [BOB, mine.slice(half.length)]]) {
        if (!some.length) continue;
        const fresh = boxesOf(await this.now(message)).find((c) => values(c.element.options).includes(some[0]));
        const ticked = new Set([...chosen(fresh), ...some]);
        const selected_options = fresh.element.options.filter((o) => ticked.has(o.value));
        await this.slack.act(user, message, fresh, { selected_options });
        await this.shows(message, some);
      }
    }
    const clicked = left.filter((i) => groups.some((g) => g.block === i.control.block));
    this.did('boxes', clicked.length);
    const rest = left.filter((i) => !clicked.includes(i));
    if (rest.length) await this.byWords(message, rest);
  }

  async byWords(message, left) {
    const numbers = left.map((i) => i.number);
    await this.slack.command(BOB, `tick ${numbers.join(' ')} seen by both`);
    await this.shows(message, numbers);
    this.did('words', left.length);
  }

  /** A keycap ticks, taking it away unticks, putting it back ticks again. */
  async byKeycap(message, left) {
    for (const [i, item] of left.entries()) {
      assert.ok(item.emoji, `a keycap for ${item.number}`);
      await this.slack.react(BOB, message, item.emoji);
      if (i > 0) continue;
      await this.shows(message, [item.number]);
      await this.slack.react(BOB, message, item.emoji, false);
      await this.shows(message, [item.number], false);
      await this.slack.react(BOB, message, item.emoji);
    }
    await this.shows(message, left.map((i) => i.number));
    this.did('keycap', left.length);
  }

  /** ✅ asks first; only the confirmation ticks. */
  async byCheck(message, left) {
    const asked = await this.asked(ALICE, () => this.slack.react(ALICE, message, 'white_check_mark'));
    assert.ok(items(await this.now(message)).some((i) => !i.ticked), 'nothing is ticked before the confirmation');
    await this.press(ALICE, asked, /tick/);
    await this.shows(message, left.map((i) => i.number));
    this.did('check', left.length);
  }

  /** Through the menu below the boxes: skipped, with a reason where one is asked for. False: nothing can be. */
  async bySkip(message, left) {
    const menus = controls(message.blocks).filter(({ element }) => ['static_select', 'overflow'].includes(element.type));
    const can = (item, menu) => options(menu.element).find((o) => o.value.endsWith(` skip ${item.number}`));
    const item = left.findLast((i) => menus.some((menu) => can(i, menu)));
    if (!item) return false;
    const menu = menus.find((m) => can(item, m));
    const option = can(item, menu);
    const before = await this.opened();
    await this.slack.act(ALICE, message, menu, { selected_option: option });
    await eventually('it is skipped, or a reason is asked for', async () => {
      if ((await this.state(item.number)) === 'skipped') return true;
      if ((await this.opened()) === before) return false;
      await this.submit(ALICE, before, { answer: 'not for this version' });
      return true;
    }, WITHIN);
    await eventually('it is skipped', async () => (await this.state(item.number)) === 'skipped', WITHIN);
    this.did('skip');
    return true;
  }

  async state(number) { return (await this.bot.record()).items.find((i) => i.number === number)?.state; }

  /** Whatever can be ticked, message by message, each in another way; `limit` messages. */
  async settle(limit = Infinity) {
    const ways = [this.byBoxes, this.byWords, this.byKeycap, this.byCheck];
    for (let n = 0, quiet = 0; n < limit;) {
      const states = new Map((await this.bot.record()).items.map((i) => [i.number, i.state]));
      const open = (message) => items(message).filter((i) => states.get(i.number) === 'open');
      const posts = (await this.slack.posts()).filter((m) => key(m)?.includes('/section/'));
      const message = posts.find((m) => open(m).length);
      if (!message) {
        // What opens next may still be on its way.
        if (!(await this.rests()) || quiet++ < 1) { await pause(300); continue; }
        return;
      }
      quiet = 0;
      const wanted = !this.ways.skip || (this.turn === 9 && this.ways.skip < 2);
      if (wanted && (await this.bySkip(message, open(message)))) continue;
      await ways[this.turn % ways.length].call(this, message, open(message));
      this.turn += 1;
      n += 1;
    }
  }

  /** Nothing waits to be shown. */
  async rests() {
    const before = (await this.slack.posts()).length;
    await pause(2_500);
    return (await this.slack.posts()).length === before;
  }

  async outcome(post, says) {
    const said = await eventually('the outcome', () => this.slack.post(post), WITHIN);
    assert.match(JSON.stringify(said), /v1\.2\.0/);
    await eventually('the board says so', async () => says.test(JSON.stringify(await this.slack.post('/board@'))), WITHIN);
    await eventually('the record is attached', async () => (await this.slack.messages()).some((m) => m.files?.length), WITHIN);
    await this.bot.terminal('audit', 'verify');
  }

  /** Home, a mention, and help: to whoever asked alone. */
  async around() {
    const { slack } = this;
    await slack.home(BOB);
    await eventually('a home', async () => {
      await slack.collect();
      return [...slack.calls.values()].some((c) => c.method === 'views.publish' && c.args.user_id === BOB);
    }, WITHIN);
    await this.asked(BOB, () => slack.say(BOB, '<@U0BOT> status'));
    const wrong = await this.asked(BOB, () => slack.command(BOB, 'tikc 1.1'));
    assert.match(JSON.stringify(wrong), /tick/, 'the nearest command is named');
    assert.equal((await slack.told(ALICE)).some((m) => m.ts === wrong.ts), false);
  }

  /** Somebody looks at the page: the board in the channel, the section in the thread (it draws no boxes). */
  async look() {
    const page = await (await open()).newPage({ viewport: { width: 1280, height: 1000 } });
    await page.goto(this.slack.url);
    await page.getByText('deploys').first().click();
    await page.getByText('v1.2.0').first().waitFor({ timeout: 10_000 });
    await page.getByText(/^\d+ repl/).first().click();
    await page.locator('.thread-pane').getByText(/\d+ of \d+ done/).first().waitFor({ timeout: 10_000 });
    if (process.env.ROLLCALL_SLACK_PICTURE) await page.screenshot({ path: process.env.ROLLCALL_SLACK_PICTURE });
    const text = await page.innerText('body');
    assert.doesNotMatch(text, /undefined|\[object/);
    await page.close();
  }

  /** Every message once, and everything that was sent as Slack takes it. */
  async end(t) {
    const keys = (await this.slack.posts()).map(key).filter(Boolean);
    assert.deepEqual(keys.filter((k, i) => keys.indexOf(k) !== i), [], 'no message is there twice');
    await this.slack.collect();
    const calls = [...this.slack.calls.values()];
    const { problems, status } = await valid(calls);
    assert.equal(status, 0, problems);
    t.diagnostic(`${this.name}: ${JSON.stringify(this.ways)}; ${problems.trim().split('\n').at(-1)}`);
    assert.doesNotMatch(this.bot.log, /xoxb-|xapp-|test-signing-secret/, 'no token in the log');
    await this.page?.close();
    const { code } = await this.bot.end();
    assert.equal(code, 0, 'it ends cleanly');
    await this.slack.end();
  }
}

/** Holds calls against Slack's own models. */
async function valid(calls) {
  const python = process.env.ROLLCALL_E2E_PYTHON || 'python3';
  const child = spawn(python, [join(root, 'tests', 'e2e', 'peers', 'slack', 'validate.py')]);
  let problems = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { problems += text; });
  child.stdin.end(calls.map((c) => JSON.stringify(c)).join('\n'));
  const status = await new Promise((done) => child.once('exit', done));
  return { problems, status };
}

const openRequired = (record) => record.items.filter((i) => i.state === 'open' && !i.optional
  && record.items.some((o) => o.section === i.section && (o.state === 'ticked' || o.state === 'skipped')));

for (const mode of ['socket', 'events']) {
  describe(mode === 'socket' ? 'Socket Mode' : 'HTTP', { concurrency: 5 }, () => {
    for (const name of SEEDS.filter((s) => s !== 'production')) {
      test(`${name}.md is walked to success by two people`, async (t) => {
        const walk = await Walk.begin(name, mode);
        await walk.start(name === 'workflow');
        const early = await walk.asked(ALICE, () => walk.slack.command(ALICE, 'finish'));
        assert.match(JSON.stringify(early), /\d/);
        if (name === 'workflow') await walk.settle(2).then(() => walk.look());
        await walk.settle();
        assert.deepEqual(openRequired(await walk.bot.record()), []);
        const board = await eventually('the board proposes to finish', async () => {
          const post = await walk.slack.post('/board@');
          return controls(post.blocks).some(({ element }) => /finish/.test(element.value ?? '')) && post;
        }, WITHIN);
        await walk.press(BOB, board, /finish/);
        await walk.outcome('/success@', /succeeded/i);
        await walk.around();
        await walk.end(t);
      });
    }

    test('production.md is walked half way and rolled back', async (t) => {
      const walk = await Walk.begin('production', mode);
      await walk.start(true);
      await walk.settle(5);
      const board = await walk.slack.post('/board@');
      const before = await walk.opened();
      await walk.press(BOB, board, /rollback/);
      const left = await walk.submit(BOB, before, { answer: 'error rate 4%' });
      assert.equal(left.errors, undefined, JSON.stringify(left));
      const said = await eventually('the rollback is announced', () => walk.slack.post('/rollback@'), WITHIN);
      assert.match(JSON.stringify(said), /error rate 4%/);
      // The forward walk is closed, and says so to whoever tries.
      const late = await walk.asked(ALICE, () => walk.slack.command(ALICE, 'tick 1.1'));
      assert.match(JSON.stringify(late), /roll/i);
      await walk.settle(4);
      const turned = await eventually('the board proposes to end it', async () => {
        const post = await walk.slack.post('/board@');
        return controls(post.blocks).some(({ element }) => /rolled-back/.test(element.value ?? '')) && post;
      }, WITHIN);
      await walk.press(ALICE, turned, /rolled-back/);
      await walk.outcome('/rolled-back@', /rolled back/i);
      await walk.end(t);
    });
  });
}
