// What the scenarios share: the bot as a process, people as browser windows, and waiting for what people would see.

import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, '..', '..');
export const binary = process.env.ROLLCALL_BIN || join(root, 'target', 'release', 'rollcall');
const browserPath = process.env.CHROMIUM || '/usr/bin/chromium';
const run = promisify(execFile);

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Tries until it holds; the last problem is the error. */
export async function eventually(what, test, within = 10_000) {
  const end = Date.now() + within;
  let last = null;
  do {
    try {
      const found = await test();
      if (found) return found;
      last = null;
    } catch (error) { last = error; }
    await pause(50);
  } while (Date.now() < end);
  throw new Error(`${what}: not within ${within} ms${last ? ` (${last.message})` : ''}`);
}

// ── the bot ──────────────────────────────────────────────────────────────────────────────────────────────────────

const bots = new Set();

/** A running Rollcall on a data folder of its own. */
export class Bot {
  /** `pages`: file name → Markdown; without, the built-in checklists. `port` 0: whichever is free. */
  static async start({ pages, config, env = {}, port = 0 } = {}) {
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-e2e-'));
    const bot = Object.assign(new Bot(), { dir, data: join(dir, 'data'), args: ['--log-format', 'human'], env, port, log: '' });
    if (pages) {
      const folder = join(dir, 'checklists');
      await mkdir(folder);
      for (const [name, page] of Object.entries(pages)) await writeFile(join(folder, name), page);
      bot.args.push('--checklists', folder);
    }
    if (config) {
      await writeFile(join(dir, 'rollcall.toml'), config);
      bot.args.push('--config', join(dir, 'rollcall.toml'));
    }
    bots.add(bot);
    await bot.up();
    return bot;
  }

  /** Starts the process and waits until it serves. */
  async up() {
    const child = spawn(binary, ['--data', this.data, '--listen', `127.0.0.1:${this.port}`, ...this.args], {
      cwd: this.dir, env: { ...process.env, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    child.once('error', (error) => { this.log += error.message; });
    this.gone = new Promise((done) => child.once('exit', (code, signal) => done({ code, signal })));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { this.log = (this.log + text).slice(-20_000); });
    await eventually('the bot serves', async () => {
      if (child.exitCode !== null) throw new Error(`the bot ended: ${this.log}`);
      const running = JSON.parse(await readFile(join(this.data, 'running.json'), 'utf8'));
      if (running.pid !== child.pid) return false;
      this.token = running.token;
      this.port = Number(running.address.split(':').at(-1));
      return (await fetch(`${this.url}/readyz`)).ok;
    });
    return this;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }

  /** Ends it the way a power cut does. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.gone;
  }

  /** Ends it as an operator does, and says how long that took and with which code. */
  async stop() {
    const began = Date.now();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    const { code } = await this.gone;
    return { code, ms: Date.now() - began };
  }

  /** Stops it and removes what it left. */
  async end() {
    bots.delete(this);
    const how = await this.stop();
    await rm(this.dir, { recursive: true, force: true });
    return how;
  }

  /** A command as from the terminal, by HTTP. */
  async say(text, as = 'Ana', more = {}) {
    const response = await fetch(`${this.url}/api/do`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ text, channel: 'deployments', as, ...more }),
    });
    return response.json();
  }

  /** The terminal itself. */
  async terminal(...args) {
    const { stdout } = await run(binary, [...args, '--data', this.data], { cwd: this.dir, maxBuffer: 1 << 26 });
    return stdout;
  }

  async record(id = 1) { return JSON.parse(await this.terminal('record', String(id), '--format', 'json')); }
}

/** One of the customer's pages, as bytes. */
export const seed = (name) => readFile(join(root, 'tests', 'seeds', `${name}.md`));

/** What a Markdown renderer shows: without the backslashes and references that keep text from being markup. */
export const rendered = (markdown) => markdown.replace(/&#32;/g, ' ').replace(/\\([!-/:-@[-`{-~])/g, '$1');

const givenPorts = new Set();

/** A port nobody listens on, none that was given before, and below those the system gives away by itself. */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (givenPorts.has(port)) continue;
    givenPorts.add(port);
    const listener = createServer().listen(port, '127.0.0.1');
    const free = await new Promise((done) => {
      listener.once('listening', () => done(true));
      listener.once('error', () => done(false));
    });
    if (!free) continue;
    await new Promise((done) => listener.close(done));
    return port;
  }
}

// ── windows ──────────────────────────────────────────────────────────────────────────────────────────────────────

let browser = null;
let server = null;

/** The browser all scenarios of a file share. */
export async function open() {
  if (!existsSync(browserPath)) throw new Error(`no browser at ${browserPath}: install Debian's chromium, or set CHROMIUM`);
  // The promises are kept, so that two who come at once share one browser.
  server ??= chromium.launchServer({
    executablePath: browserPath,
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
    ],
  });
  browser ??= server.then((s) => chromium.connect(s.wsEndpoint()));
  return browser;
}

/** Ends the browser, and the bots of scenarios that broke off; every file of scenarios does so last. */
export async function closeAll() {
  for (const bot of bots) {
    bot.child?.kill('SIGKILL');
    await rm(bot.dir, { recursive: true, force: true, maxRetries: 5 });
  }
  // Chromium does not always end when asked, and nothing of it is needed any more.
  const served = await server?.catch(() => null);
  if (served) {
    const gone = new Promise((done) => served.process().once('exit', done));
    served.process().kill('SIGKILL');
    await gone;
    await served.close();
  }
  browser = server = null;
}

export const selector = {
  item: (number) => `[data-item="${number}"]`,
  post: (what) => `[data-feed] > [data-post*="${what}"]`,
};

/** Somebody before a window of their own. */
export class Person {
  /** `name` null: a first visit. */
  static async at(bot, name, { path = '/c/deployments', ...options } = {}) {
    const context = await (await open()).newContext({
      viewport: { width: 1280, height: 900 }, locale: 'en-GB', timezoneId: 'UTC', acceptDownloads: true, ...options,
    });
    context.setDefaultTimeout(10_000);
    if (name) await context.addInitScript((n) => sessionStorage.setItem('rollcall.me', n), name);
    const page = await context.newPage();
    const me = Object.assign(new Person(), { bot, name, context, page, problems: [] });
    page.on('pageerror', (error) => me.problems.push(`script: ${error.message}`));
    page.on('console', (line) => { if (line.type() === 'error') me.problems.push(`console: ${line.text()} ${line.location().url}`); });
    await page.goto(bot.url + path);
    if (name) await me.live();
    return me;
  }

  /** Waits until the page hears of changes. */
  async live() { await this.page.waitForSelector('[data-live=on]'); }

  async go(path) {
    await this.page.goto(this.bot.url + path);
    await this.live();
  }

  /** Types a command and sends it. Gives the answer as the page got it. */
  async say(text) {
    const box = this.page.locator('#say');
    await box.fill(text);
    return this.#answered('/api/say', () => box.press('Enter'));
  }

  async #answered(path, act) {
    const [response] = await Promise.all([
      this.page.waitForResponse((r) => r.url().endsWith(path) && r.request().method() === 'POST'),
      act(),
    ]);
    const answer = await response.json();
    if (path === '/api/say') await this.page.waitForFunction(() => !document.querySelector('[data-composer][data-busy]'));
    return answer;
  }

  item(number) { return this.page.locator(`${selector.item(number)}:visible`).first(); }

  /** Clicks an item's checkbox. */
  click(number) { return this.#answered('/api/say', () => this.item(number).locator('.check').click()); }

  /** Presses a button that says words at once. */
  press(button) { return this.#answered('/api/say', () => button.click()); }

  /** The board's button of that label. A button that has just become another one takes no press before it was seen. */
  async board(label) {
    await pause(800);
    return this.page.locator('[data-what=board] .card-buttons button', { hasText: label }).last();
  }

  /** Opens an item's menu and presses what begins so; answers the dialog if one comes. */
  async choose(number, label, reason) {
    await this.item(number).locator('.more summary').click();
    const button = this.item(number).locator('.menu button', { hasText: label }).first();
    if (reason === undefined) return this.press(button);
    await button.click();
    return this.dialog(reason);
  }

  /** Answers the dialog that asks. */
  async dialog(reason) {
    await this.page.waitForSelector('[data-dialog=ask][open]');
    if (reason) await this.page.fill('#ask-answer', reason);
    return this.#answered('/api/say', () => this.page.click('[data-dialog=ask] [data-go]'));
  }

  /** Puts a reaction on a message, or takes it off. */
  react(message, emoji) {
    const chip = this.page.locator(`article[data-message="${message}"] [data-react="${emoji}"]`).first();
    return this.#answered('/api/react', () => chip.click());
  }

  /** Milliseconds until an item shows that state here. */
  async sees(number, state, within = 5_000) {
    const began = performance.now();
    await this.page.waitForSelector(`[data-item="${number}"][data-state="${state}"]`, { state: 'attached', timeout: within });
    return performance.now() - began;
  }

  async seesPost(what, within = 10_000) {
    const post = this.page.locator(selector.post(what)).last();
    await post.waitFor({ timeout: within });
    return (await post.locator(':scope > article').innerText()).trim();
  }

  /** The section messages of the open thread, with their items, as they stand. */
  sections(id = 1) {
    return this.page.evaluate((about) => [...document.querySelectorAll(
      `[data-thread-list] > article[data-deployment="${about}"]`)].map((m) => ({
      key: m.dataset.message,
      items: [...m.querySelectorAll('[data-item]')].map((i) => ({
        number: i.dataset.item,
        state: i.dataset.state,
        // Criteria are there from the start and wait for nobody.
        watched: i.classList.contains('watched'),
        optional: [...i.querySelectorAll('.tag')].some((t) => t.textContent === 'optional'),
        words: i.querySelector('.words').textContent,
        reaction: i.querySelector('.check').tagName === 'BUTTON',
      })),
      reactions: [...m.querySelectorAll('[data-react]')].map((r) => r.dataset.react),
    })), id);
  }

  /** The last answer only they see. */
  get answer() { return this.page.locator('[data-ephemeral]').last(); }

  /** Closes the window; what its console complained of is the error. */
  async leave({ allow } = {}) {
    const problems = this.problems.filter((p) => !allow?.test(p));
    await this.context.close();
    if (problems.length) throw new Error(`${this.name}'s window complained:\n${problems.join('\n')}`);
  }
}

/** Both at once, so that one cannot be forgotten. */
export async function windows(bot, ...names) {
  return Promise.all(names.map((name) => Person.at(bot, name)));
}

/** The value below which that share of the measures lies. */
export function percentile(measures, share) {
  const sorted = [...measures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
