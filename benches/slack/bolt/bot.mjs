// A hand-written checklist bot, as a team would write it on Bolt: the job Rollcall is measured against. A click is
// recorded, synced, and only then acknowledged; messages are edited in the background, many clicks in one edit.

import bolt from '@slack/bolt';
import Database from 'better-sqlite3';
import { writeFileSync, renameSync } from 'node:fs';

const { App, LogLevel } = bolt;
const [dir, port] = [process.argv[2], Number(process.argv[3])];
const SECTIONS = 6;
const ITEMS = 10;
/** Between two messages or edits of a channel, after a burst; in milliseconds. */
const PACE = 1_000;
const BURST = 4;

const db = new Database(`${dir}/bot.db`);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(`
  CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE deployments (id INTEGER PRIMARY KEY, version TEXT, channel TEXT, thread TEXT);
  CREATE TABLE items (deployment INTEGER, number TEXT, ticked INTEGER, who TEXT, at INTEGER, PRIMARY KEY (deployment, number)) WITHOUT ROWID;
  CREATE TABLE events (id INTEGER PRIMARY KEY, deployment INTEGER, number TEXT, what TEXT, who TEXT, at INTEGER);
  CREATE TABLE messages (id INTEGER PRIMARY KEY, key TEXT UNIQUE, deployment INTEGER, channel TEXT, ts TEXT, dirty INTEGER);
  CREATE INDEX dirty ON messages (channel, id) WHERE dirty = 1;
`);
const sql = {
  see: db.prepare('INSERT OR IGNORE INTO seen VALUES (?)'),
  start: db.prepare('INSERT INTO deployments (version, channel) VALUES (?, ?)'),
  item: db.prepare('INSERT INTO items VALUES (?, ?, 0, NULL, NULL)'),
  mark: db.prepare('UPDATE items SET ticked = ?, who = ?, at = ? WHERE deployment = ? AND number = ? AND ticked != ?'),
  event: db.prepare('INSERT INTO events (deployment, number, what, who, at) VALUES (?, ?, ?, ?, ?)'),
  items: db.prepare("SELECT number, ticked, who FROM items WHERE deployment = ? AND number LIKE ? ORDER BY CAST(substr(number, instr(number, '.') + 1) AS INTEGER)"),
  done: db.prepare('SELECT sum(ticked) AS done, count(*) AS total FROM items WHERE deployment = ?'),
  deployment: db.prepare('SELECT * FROM deployments WHERE id = ?'),
  thread: db.prepare('UPDATE deployments SET thread = ? WHERE id = ?'),
  message: db.prepare('INSERT INTO messages (key, deployment, channel, dirty) VALUES (?, ?, ?, 1)'),
  dirty: db.prepare('UPDATE messages SET dirty = 1 WHERE key = ?'),
  clean: db.prepare('UPDATE messages SET dirty = 0 WHERE key = ?'),
  posted: db.prepare('UPDATE messages SET ts = ? WHERE key = ?'),
  next: db.prepare('SELECT * FROM messages WHERE channel = ? AND dirty = 1 ORDER BY ts IS NOT NULL, id LIMIT 1'),
};

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: `${process.env.SLACK_API_URL}/` },
});

const keys = (id, channel) => [
  `${id}/start@slack:${channel}`, `${id}/board@slack:${channel}`,
  ...Array.from({ length: SECTIONS }, (_, s) => `${id}/section/${s + 1}/1@slack:${channel}`),
];

const start = db.transaction((key, version, channel) => {
  if (!sql.see.run(key).changes) return null;
  const id = Number(sql.start.run(version, channel).lastInsertRowid);
  for (let s = 1; s <= SECTIONS; s += 1) for (let i = 1; i <= ITEMS; i += 1) sql.item.run(id, `${s}.${i}`);
  for (const name of keys(id, channel)) sql.message.run(name, id, channel);
  return id;
});

const tick = db.transaction((key, id, word, number, who) => {
  if (!sql.see.run(key).changes) return null;
  const d = sql.deployment.get(id);
  const ticked = word === 'tick' ? 1 : 0;
  if (!d || !sql.mark.run(ticked, who, Date.now(), id, number, ticked).changes) return null;
  sql.event.run(id, number, word, who, Date.now());
  sql.dirty.run(`${id}/board@slack:${d.channel}`);
  sql.dirty.run(`${id}/section/${number.split('.')[0]}/1@slack:${d.channel}`);
  return d.channel;
});

app.command('/deploy', async ({ command, ack }) => {
  const version = command.text.split(' ')[1] ?? 'v0';
  start(command.trigger_id, version, command.channel_id);
  await ack(`${version} starts.`);
  wake(command.channel_id);
});

app.action(/^say:/, async ({ action, body, ack }) => {
  const [deployment, word, number] = action.value.split(' ');
  const channel = tick(body.trigger_id, Number(deployment.slice(1)), word, number, body.user.id);
  await ack();
  if (channel) wake(channel);
});

/** What a message shows now. */
function draw(message) {
  const d = sql.deployment.get(message.deployment);
  const [, what, section] = message.key.match(/^\d+\/([a-z]+)(?:\/(\d+)\/\d+)?@/);
  const head = { type: 'header', block_id: `key:${message.key}`, text: { type: 'plain_text', text: `shop ${d.version}` } };
  if (what === 'start') return { text: `${d.version} starts`, blocks: [head] };
  if (what === 'board') {
    const { done, total } = sql.done.get(d.id);
    const text = `${d.version}: ${done} of ${total} done`;
    return { text, blocks: [head, { type: 'section', text: { type: 'mrkdwn', text } }] };
  }
  const items = sql.items.all(d.id, `${section}.%`);
  const options = items.map((i) => ({
    text: { type: 'mrkdwn', text: `*${i.number}* Step: the service answers within 200 ms` }, value: i.number,
    ...(i.who ? { description: { type: 'mrkdwn', text: `${i.ticked ? 'ticked' : 'unticked'} by <@${i.who}>` } } : {}),
  }));
  const chosen = options.filter((_, n) => items[n].ticked);
  const element = { type: 'checkboxes', action_id: 'items', options, ...(chosen.length ? { initial_options: chosen } : {}) };
  return { text: `Stage ${section}`, blocks: [head, { type: 'actions', block_id: `items:${d.id}:${section}`, elements: [element] }] };
}

const lanes = new Map();

/** One message of a channel after the other, at Slack's pace. */
function wake(channel) {
  const lane = lanes.get(channel) ?? { busy: false, left: BURST, at: Date.now() };
  lanes.set(channel, lane);
  if (lane.busy) return;
  lane.busy = true;
  run(channel, lane).finally(() => { lane.busy = false; });
}

async function run(channel, lane) {
  for (;;) {
    const message = sql.next.get(channel);
    if (!message) return;
    const now = Date.now();
    lane.left = Math.min(BURST, lane.left + (now - lane.at) / PACE);
    lane.at = now;
    if (lane.left < 1) {
      await new Promise((done) => { setTimeout(done, (1 - lane.left) * PACE); });
      continue;
    }
    lane.left -= 1;
    sql.clean.run(message.key);
    const shown = draw(message);
    try {
      if (message.ts) {
        await app.client.chat.update({ channel, ts: message.ts, ...shown });
      } else {
        const d = sql.deployment.get(message.deployment);
        const metadata = { event_type: 'rollcall_message', event_payload: { key: message.key } };
        const thread = message.key.includes('/section/') ? { thread_ts: d.thread } : {};
        const { ts } = await app.client.chat.postMessage({ channel, ...shown, ...thread, metadata });
        sql.posted.run(ts, message.key);
        if (message.key.includes('/start@')) sql.thread.run(ts, d.id);
      }
    } catch (error) {
      console.error(error.message);
      sql.dirty.run(message.key);
      await new Promise((done) => { setTimeout(done, 1_000); });
    }
  }
}

const server = await app.start({ port, host: '127.0.0.1' });
writeFileSync(`${dir}/running.new`, JSON.stringify({ pid: process.pid, address: `127.0.0.1:${server.address().port}`, token: '' }));
renameSync(`${dir}/running.new`, `${dir}/running.json`);
process.on('SIGTERM', () => { db.close(); process.exit(0); });
