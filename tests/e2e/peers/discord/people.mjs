// A local Discord and the people in it, for scenarios: what they can press is found on the messages that were posted.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '../../lib.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);

export const CHANNEL = '2000000000000000001';
export const ALICE = '3000000000000000001';
export const BOB = '3000000000000000002';
export const KEYCAPS = ['1️⃣', '2️⃣', '3️⃣', '4️⃣', '5️⃣', '6️⃣', '7️⃣', '8️⃣', '9️⃣', '🔟'];

const port = (name, otherwise) => Number(process.env[name] ?? otherwise);
const EPHEMERAL = 64;
const THREAD = 11;
const [SUB, GROUP] = [1, 2];
const [BUTTON, SELECT] = [2, 3];

/** A running local Discord with nothing said in it yet. */
export class Discord {
  /** `dir` keeps the installed package from one to the next. */
  static async up(dir) {
    await run(join(here, 'up'), [dir], { env: process.env });
    const discord = Object.assign(new Discord(), { dir, read: 0 });
    discord.pid = Number(await readFile(join(dir, 'discord.pid'), 'utf8'));
    return discord;
  }

  /** What the bot needs to find it. */
  get env() {
    return {
      DISCORD_TOKEN: 'fake-bot-token',
      DISCORD_API_URL: `https://discord.com:${port('TLS_PORT', 4011)}`,
      DISCORD_CA_FILE: join(this.dir, 'tls', 'ca.crt'),
    };
  }

  async control(name, body = {}) {
    const response = await fetch(`http://127.0.0.1:${port('CTL_PORT', 4012)}/${name}`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${name} ${JSON.stringify(body)}: ${answer.error}`);
    return answer;
  }

  async down() {
    try { process.kill(this.pid, 'SIGTERM'); } catch { return; }
    await eventually('the local Discord ends', () => { try { process.kill(this.pid, 0); return false; } catch { return true; } });
  }

  /** What everybody sees in a channel or thread, oldest first. */
  async messages(channel = CHANNEL) {
    return (await this.control('messages', { channel })).filter((m) => !(m.flags & EPHEMERAL));
  }

  async threads() {
    return (await this.control('channels')).filter((c) => c.type === THREAD);
  }

  /** Everything everybody sees, threads included. */
  async all() {
    const threads = await this.threads();
    return (await Promise.all([CHANNEL, ...threads.map((t) => t.id)].map((c) => this.messages(c)))).flat();
  }

  /** Waits for a message whose words fit. */
  sees(words, within = 20_000) {
    return eventually(`a message that says ${words}`, async () => (await this.all()).find((m) => words.test(text(m))), within);
  }

  /** The subcommand of that name, in a group or not. */
  async subcommand(sub) {
    for (const command of await this.control('commands')) {
      for (const option of command.options) {
        if (option.type === SUB && option.name === sub) return { command, path: [option], options: option.options ?? [] };
        const inner = option.type === GROUP && option.options.find((o) => o.name === sub);
        if (inner) return { command, path: [option, inner], options: inner.options ?? [] };
      }
    }
    throw new Error(`no subcommand ${sub} is registered`);
  }
}

/** All words of a message. */
export const text = (m) => [
  m.content,
  ...(m.embeds ?? []).flatMap((e) => [
    e.author?.name, e.title, e.description, ...(e.fields ?? []).flatMap((f) => [f.name, f.value]), e.footer?.text,
  ]),
].filter(Boolean).join('\n');

const parts = (m) => (m.components ?? []).flatMap((row) => row.components ?? []);
export const buttons = (m) => parts(m).filter((c) => c.type === BUTTON);
export const selects = (m) => parts(m).filter((c) => c.type === SELECT);
/** The choice that ticks. */
export const ticks = (m) => selects(m).find((s) => s.custom_id.startsWith('items:'));

/** The numbers of the items that can be changed on a message, in its order. */
export function items(m) {
  const select = ticks(m);
  if (select) return select.options.map((o) => o.value);
  const found = buttons(m).map((b) => /^\w+:#\d+ (?:tick|untick) ([\d.]+)/.exec(b.custom_id)?.[1]);
  return [...new Set(found.filter(Boolean))];
}

/** What stands beside an item's number: its keycap, if it has one. */
export function keycap(m, number) {
  const line = text(m).split('\n').find((l) => l.includes(`**${number}**`)) ?? '';
  return KEYCAPS.find((k) => line.includes(k));
}

/** Somebody on Discord. */
export class Member {
  constructor(discord, id, name) { Object.assign(this, { discord, id, name }); }

  #control(name, body) { return this.discord.control(name, { user: this.id, ...body }); }

  /** `options`: name → text, as typed. */
  async #words(sub, options, focused) {
    const { command, path, options: known } = await this.discord.subcommand(sub);
    const given = Object.entries(options).map(([name, typed]) => {
      const option = known.find((o) => o.name === name);
      if (!option) throw new Error(`/deploy ${sub} has no option ${name}`);
      const value = option.type === 5 ? typed === true || typed === 'true' : option.type === 4 ? Number(typed) : typed;
      return { name, type: option.type, value, ...(name === focused ? { focused: true } : {}) };
    });
    for (const { name, required } of known) {
      if (required && !focused && !(name in options)) throw new Error(`/deploy ${sub} needs ${name}`);
    }
    const nested = path.reduceRight((inner, step) => [{ name: step.name, type: step.type, options: inner }], given);
    return { name: command.name, options: nested };
  }

  /** Says a command; gives what is answered. */
  async slash(sub, options = {}, channel = CHANNEL) {
    return this.#answer(await this.#control('slash', { channel, ...await this.#words(sub, options) }), channel);
  }

  /** What is offered for an option of which this has been typed. */
  async offered(sub, name, typed, others = {}, channel = CHANNEL) {
    const words = await this.#words(sub, { ...others, [name]: typed }, name);
    return (await this.#answer(await this.#control('autocomplete', { channel, ...words }), channel)).choices;
  }

  async press(message, id) {
    return this.#answer(await this.#control('button', { channel: message.channel, message: message.id, custom_id: id }), message.channel);
  }

  /** Presses, answers what is asked with these words, and says yes where it is asked whether they are sure. */
  async pressThrough(message, id, words) {
    let answer = await this.press(message, id);
    if (answer.modal) answer = await this.submit(answer, message, words);
    const yes = id.startsWith('sure:') && buttons(answer.message).find((b) => b.custom_id === id.replace(/^sure:/, 'say:'));
    return yes ? this.press(answer.message, yes.custom_id) : answer;
  }

  async choose(message, select, values) {
    return this.#answer(await this.#control('select', {
      channel: message.channel, message: message.id, custom_id: select.custom_id, values,
    }), message.channel);
  }

  /** Answers a modal. */
  async submit({ modal }, message, words) {
    const fields = Object.fromEntries(modal.components.flatMap((row) => row.components).map((input) => {
      if (words.length > (input.max_length ?? 4000)) throw new Error('too long for the modal');
      return [input.custom_id, words];
    }));
    return this.#answer(await this.#control('modal', {
      channel: message.channel, message: message.id, custom_id: modal.custom_id, fields,
    }), message.channel);
  }

  react(message, emoji) { return this.#control('react', { channel: message.channel, message: message.id, emoji }); }

  unreact(message, emoji) { return this.#control('unreact', { channel: message.channel, message: message.id, emoji }); }

  /** What came back: words, something to press, a modal, choices. */
  async #answer(made, channel) {
    const find = async () => {
      const log = await this.discord.control('log', { from: this.discord.read });
      const first = log.find((e) => e.url.includes(`/interactions/${made.id}/`) && e.status === 204)?.reqBody;
      if (!first) return null;
      const later = log.filter((e) => e.url.includes('/webhooks/') && e.url.includes(made.token) && e.status === 200);
      if (first.type === 5 && !later.length) return null;
      return { first, later: later.map((e) => e.reqBody) };
    };
    const began = performance.now();
    const { first, later } = await eventually('an answer', find, 15_000);
    const said = [first.data, ...later].filter(Boolean);
    const answer = {
      type: first.type, ms: performance.now() - began,
      modal: first.type === 9 ? first.data : null,
      choices: first.type === 8 ? first.data.choices : [],
      text: said.map(text).join('\n'), message: null,
    };
    if ([4, 5, 7].includes(first.type)) {
      const { messageId } = await this.discord.control('interaction', { id: made.id });
      answer.message = (await this.discord.control('messages', { channel })).find((m) => m.id === messageId) ?? null;
    }
    return answer;
  }
}
