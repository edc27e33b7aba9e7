// A local Slack that others wrote (npm: local-slack-linux-x64): started, driven as people would, and read.
//
// Not like Slack: it sends every envelope to every socket, never redelivers, takes any token, drops message metadata,
// validates no blocks, and has one stack of modals for everybody. It listens on all interfaces of the machine.

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../lib.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const program = resolve(here, '..', '..', 'node_modules', 'local-slack-linux-x64', 'bin', 'local-slack');

export const TOKENS = { bot: 'xoxb-test-token', app: 'xapp-test-token', secret: 'test-signing-secret' };
export const DEPLOYS = 'C02DEP';
export const ALICE = 'U01ALICE';
export const BOB = 'U02BOB';
const BOT = 'U0BOT';

/** Everything in blocks that can be pressed, chosen or filled: `{block, element}`. */
export function controls(blocks = []) {
  return blocks.flatMap((b) => [
    ...(b.type === 'actions' ? b.elements : []),
    ...[b.accessory, b.element].filter((e) => e && e.type !== 'image'),
  ].map((element) => ({ block: b.block_id, element })));
}

/** A select's or menu's options, grouped or not. */
export const options = (element) => [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((g) => g.options)];

/** What names a message: its first block's id. */
export const key = (message) => message.blocks?.[0]?.block_id?.match(/^key:(.*)/s)?.[1] ?? null;

const running = new Set();

export class LocalSlack {
  /** `mode` socket, or events with the port the bot listens on. */
  static async start({ port, mode, botPort }) {
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-slack-'));
    const members = [ALICE, BOB, BOT];
    const config = {
      workspace: { name: dir, domain: 'test-workspace', teamId: 'T01TEST' },
      app: {
        appId: 'A01APP', botUserId: BOT, botName: 'rollcall', botToken: TOKENS.bot, appToken: TOKENS.app,
        signingSecret: TOKENS.secret, mode,
        ...(mode === 'events' ? { requestUrl: `http://127.0.0.1:${botPort}/slack/events` } : {}),
      },
      users: [
        { id: ALICE, name: 'alice', real_name: 'Alice Anderson', email: 'alice@example.com' },
        { id: BOB, name: 'bob', real_name: 'Bob Brown', email: 'bob@example.com' },
      ],
      channels: [{ id: 'C01GEN', name: 'general', members }, { id: DEPLOYS, name: 'deploys', members }],
    };
    // What is JSON is YAML, too.
    await writeFile(join(dir, 'config.yaml'), JSON.stringify(config));
    const child = spawn(program, ['--config', 'config.yaml', '--port', String(port), '--base-host', '127.0.0.1'], {
      cwd: dir, stdio: ['ignore', 'pipe', 'pipe'],
    });
    const slack = Object.assign(new LocalSlack(), { child, dir, port, mode, log: '', calls: new Map() });
    running.add(slack);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { slack.log = (slack.log + text).slice(-5_000); });
    child.once('error', (error) => { slack.log += error.message; });
    await eventually('the local Slack serves', async () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${slack.log}`);
      // Another one on this port would take our bot for its own, and every message would be there twice.
      return (await (await fetch(`${slack.url}/_control/state`)).json()).workspace.name === dir;
    });
    // It keeps the last thousand lines of its log only.
    slack.collecting = setInterval(() => slack.collect().catch(() => {}), 1_000);
    return slack;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }

  /** What the bot is started with. */
  get env() {
    const env = { SLACK_BOT_TOKEN: TOKENS.bot, SLACK_API_URL: `${this.url}/api` };
    return this.mode === 'socket' ? { ...env, SLACK_APP_TOKEN: TOKENS.app } : { ...env, SLACK_SIGNING_SECRET: TOKENS.secret };
  }

  async get(path) { return (await fetch(`${this.url}/_control/${path}`)).json(); }

  async #do(what, body) {
    const response = await fetch(`${this.url}/_control/${what}`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!answer.ok) throw new Error(`${what}: ${JSON.stringify(answer)}`);
    return answer;
  }

  command(user, text, channel = DEPLOYS) { return this.#do('command', { channel, user, command: '/deploy', text }); }
  home(user) { return this.#do('open-home', { user }); }
  say(user, text, channel = DEPLOYS) { return this.#do('message', { channel, user, text }); }
  react(user, message, name, present = true) {
    return this.#do('reaction', { channel: message.channel, ts: message.ts, user, name, present });
  }

  /** Presses, or chooses: `what` is what the element adds to its action. */
  act(user, message, { block, element }, what = {}) {
    const { type, action_id } = element;
    const value = type === 'button' ? { value: element.value, text: element.text } : {};
    const action = { type, action_id, block_id: block, ...value, ...what, action_ts: String(Date.now() / 1000) };
    return this.#do('interact', { channel: message.channel, messageTs: message.ts, user, action });
  }

  /** Every message of the channel that is not only for somebody else. */
  async messages(channel = DEPLOYS) { return (await this.get(`messages/${channel}`)).messages; }
  async posts(channel = DEPLOYS) {
    return (await this.messages(channel)).filter((m) => m.user === BOT && m.subtype !== 'ephemeral');
  }
  async told(user, channel = DEPLOYS) {
    return (await this.messages(channel)).filter((m) => m.subtype === 'ephemeral' && m.ephemeral_to === user);
  }
  async post(which, channel = DEPLOYS) { return (await this.posts(channel)).findLast((m) => key(m)?.includes(which)); }

  /** Remembers what the bot called. */
  async collect() {
    for (const line of (await this.get('log')).log) {
      if (line.direction === 'from_bot' && line.kind === 'web_api') this.calls.set(line.id, { method: line.summary, args: line.detail });
    }
  }

  async end() {
    running.delete(this);
    clearInterval(this.collecting);
    this.child.kill('SIGTERM');
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function endAll() {
  for (const slack of running) await slack.end();
}
