// Drives the npm package discord-digital-twin from outside and adds what it lacks. Three listeners on loopback:
//   REST and gateway (API_PORT, 4010), the same over TLS for discord.com (TLS_PORT, 4011; certificate in tls/),
//   and what a test talks to (CTL_PORT, 4012): POST /NAME with JSON, the names are the keys of `commands` below.

import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

// The package listens on every interface; whatever listens here listens on loopback.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === 'number' && typeof args[1] !== 'string') args.splice(1, 0, '127.0.0.1');
  return listen.apply(this, args);
};
const { DigitalDiscord, generateSnowflake } = await import('discord-digital-twin');

const port = (name, otherwise) => Number(process.env[name] ?? otherwise);
const [API, TLS, CTL] = [port('API_PORT', 4010), port('TLS_PORT', 4011), port('CTL_PORT', 4012)];
const TOKEN = 'fake-bot-token';
const PREFIX = '/api/v10';

const twin = new DigitalDiscord({
  guild: { id: '1000000000000000001', name: 'Ops', ownerId: '3000000000000000001' },
  channels: [{ id: '2000000000000000001', name: 'deploys', type: 0 }],
  users: [{ id: '3000000000000000001', username: 'alice' }, { id: '3000000000000000002', username: 'bob' }],
  botUser: { id: '4000000000000000001', username: 'rollcall' },
  botToken: TOKEN,
  gatewayUrlOverride: `ws://127.0.0.1:${API}/gateway`,
});
await twin.start();
const db = twin.prisma;
const guild = twin.guildId;
const gateway = twin.server.gateway;
const inner = twin.port;
gateway.port = API;

// ── the gateway: shapes, intents, resuming ───────────────────────────────────────────────────────────────────────

/** Fields Discord always sends and the package leaves out. */
function complete(value) {
  if (Array.isArray(value)) value.forEach(complete);
  else if (value && typeof value === 'object') {
    if ('hoist' in value && 'permissions' in value) {
      value.colors ??= { primary_color: value.color ?? 0, secondary_color: null, tertiary_color: null };
      // The bot was invited with all it asked for.
      if (value.name === '@everyone') value.permissions = String(2n ** 50n - 1n);
    }
    Object.values(value).forEach(complete);
  }
  return value;
}

function completeEvent(kind, data) {
  if (kind.startsWith('MESSAGE_REACTION_')) return { burst: false, type: 0, ...data };
  if (kind === 'GUILD_CREATE') return complete(data);
  if (kind === 'INTERACTION_CREATE') {
    for (const option of data.data?.options ?? []) {
      if (option.type > 2) continue;
      option.options ??= [];
      for (const nested of option.options) if (nested.type <= 2) nested.options ??= [];
    }
  }
  return data;
}

const NEEDS = {
  GUILD_CREATE: 1, CHANNEL_CREATE: 1, THREAD_CREATE: 1, THREAD_UPDATE: 1,
  MESSAGE_CREATE: 1 << 9, MESSAGE_UPDATE: 1 << 9, MESSAGE_DELETE: 1 << 9,
  MESSAGE_REACTION_ADD: 1 << 10, MESSAGE_REACTION_REMOVE: 1 << 10,
};
const wanted = (kind, intents) => !NEEDS[kind] || (intents & NEEDS[kind]) !== 0;

const sessions = new Map(); // id → { intents, seq, sent: [{ s, t, d }] }
const control = { muteHeartbeat: false, refuseResume: false, heartbeatMs: Number(process.env.HEARTBEAT_MS ?? 45_000) };
const gatewayLog = [];

const dispatch = gateway.sendDispatch.bind(gateway);
gateway.sendDispatch = (client, kind, data) => {
  const whole = completeEvent(kind, data);
  if (!wanted(kind, client.intents)) return;
  const session = sessions.get(client.sessionId) ?? { sent: [] };
  sessions.set(client.sessionId, session);
  dispatch(client, kind, whole);
  session.intents = client.intents;
  session.seq = client.sequence;
  session.sent.push({ s: client.sequence, t: kind, d: whole });
};

const connected = (id) => [...gateway.clients].some((client) => client.sessionId === id);
const broadcast = gateway.broadcast.bind(gateway);
gateway.broadcast = (kind, data) => {
  broadcast(kind, data);
  // A session whose connection is gone hears it when it resumes.
  for (const [id, session] of sessions) {
    if (connected(id) || !wanted(kind, session.intents)) continue;
    session.seq += 1;
    session.sent.push({ s: session.seq, t: kind, d: completeEvent(kind, data) });
  }
};

const hear = gateway.handleMessage.bind(gateway);
gateway.handleMessage = async (client, raw) => {
  const said = JSON.parse(raw);
  gatewayLog.push({ at: Date.now(), op: said.op });
  if (control.muteHeartbeat && said.op === 1) return undefined;
  if (said.op !== 6) return hear(client, raw);
  const session = sessions.get(said.d.session_id);
  if (!session || control.refuseResume) return client.ws.send(JSON.stringify({ op: 9, d: false, s: null, t: null }));
  Object.assign(client, { sessionId: said.d.session_id, identified: true, intents: session.intents, sequence: session.seq });
  for (const event of session.sent.filter((e) => e.s > said.d.seq)) client.ws.send(JSON.stringify({ op: 0, ...event }));
  return gateway.sendDispatch(client, 'RESUMED', {});
};
gateway.sendHello = (client) => client.ws.send(JSON.stringify({
  op: 10, d: { heartbeat_interval: control.heartbeatMs }, s: null, t: null,
}));

// ── REST: routes the package lacks, nonces, files, faults, a log ─────────────────────────────────────────────────

const log = [];
const faults = [];
const nonces = new Map(); // channel and nonce → the message's JSON
const files = new Map(); // message → [{ name, text }]
const ANSWER_MS = 3_000;
const asked = new Map(); // interaction → when
const late = [];

const read = (request) => new Promise((done) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => done(Buffer.concat(chunks)));
});
const parsed = (bytes) => { const text = bytes.toString(); try { return JSON.parse(text); } catch { return text; } };
const send = (response, status, body, headers = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
};

/** The JSON and the files of a form. */
function form(contentType, bytes) {
  const boundary = contentType.split('boundary=')[1].replaceAll('"', '');
  const parts = bytes.toString('latin1').split(`--${boundary}`).slice(1, -1);
  const found = { body: {}, files: [] };
  for (const part of parts) {
    const end = part.indexOf('\r\n\r\n');
    const head = part.slice(0, end);
    const content = Buffer.from(part.slice(end + 4, -2), 'latin1').toString();
    const file = /filename="([^"]*)"/.exec(head);
    if (file) found.files.push({ name: file[1], text: content });
    else if (/name="payload_json"/.test(head)) found.body = JSON.parse(content);
  }
  return found;
}

const userJson = (user) => ({
  id: user.id, username: user.username, global_name: user.globalName, discriminator: '0', avatar: null, bot: user.bot,
});
const commandJson = (command) => ({
  id: command.id, application_id: command.applicationId, ...(command.guildId ? { guild_id: command.guildId } : {}),
  name: command.name, description: command.description, type: command.type, options: JSON.parse(command.options),
  default_member_permissions: command.defaultMemberPermissions, dm_permission: command.dmPermission, nsfw: command.nsfw,
  version: command.version,
});

const COMMANDS = /^\/applications\/(\d+)(?:\/guilds\/(\d+))?\/commands$/;
const REACTIONS = /^\/channels\/(\d+)\/messages\/(\d+)\/reactions\/([^/]+)(?:\/(\d+))?$/;

const routes = [
  ['GET', /^\/gateway$/, () => [200, { url: `ws://127.0.0.1:${API}/gateway` }]],
  ['GET', /^\/oauth2\/applications\/@me$/, async () => [200, await (await fetch(`http://127.0.0.1:${inner}${PREFIX}/applications/@me`)).json()]],
  ['GET', COMMANDS, async ([, app, guild]) => [200, (await db.applicationCommand.findMany({
    where: { applicationId: app, guildId: guild ?? null },
  })).map(commandJson)]],
  ['POST', COMMANDS, async ([, app, guild], body) => {
    const where = { applicationId: app, guildId: guild ?? null, name: body.name };
    const old = await db.applicationCommand.findFirst({ where });
    await db.applicationCommand.deleteMany({ where });
    const made = await db.applicationCommand.create({ data: {
      ...where, id: old?.id ?? generateSnowflake(), description: body.description ?? '', type: body.type ?? 1,
      options: JSON.stringify(body.options ?? []), version: generateSnowflake(),
    } });
    return [old ? 200 : 201, commandJson(made)];
  }],
  ['GET', REACTIONS, async ([, , message, emoji]) => {
    const rows = await db.reaction.findMany({ where: { messageId: message, emoji: decodeURIComponent(emoji) } });
    return [200, (await db.user.findMany({ where: { id: { in: rows.map((r) => r.userId) } } })).map(userJson)];
  }],
  ['DELETE', REACTIONS, async ([, channel, message, emoji, user]) => {
    await react(false, { channel, user, message, emoji: decodeURIComponent(emoji) });
    return [204];
  }],
  ['POST', /^\/channels\/(\d+)\/messages\/(\d+)\/threads$/, async ([, channel, message], body) => {
    if (await db.channel.findUnique({ where: { id: message } })) {
      return [400, { code: 160004, message: 'A thread has already been created for this message' }];
    }
    if (!await db.message.findUnique({ where: { id: message } })) return [404, { code: 10008, message: 'Unknown Message' }];
    // A message's thread has the message's id.
    await db.channel.create({ data: {
      id: message, guildId: guild, type: 11, name: body.name, parentId: channel, ownerId: '4000000000000000001',
      autoArchiveDuration: body.auto_archive_duration ?? 1440, starterMessageId: message,
    } });
    const thread = await (await fetch(`http://127.0.0.1:${inner}${PREFIX}/channels/${message}`)).json();
    gateway.broadcast('THREAD_CREATE', { ...thread, newly_created: true });
    return [201, thread];
  }],
  ['POST', /^\/users\/@me\/channels$/, async (_, body) => {
    const user = await db.user.findUnique({ where: { id: body.recipient_id } });
    const name = `direct-${user.id}`;
    const channel = await db.channel.findFirst({ where: { name } })
      ?? await db.channel.create({ data: { id: generateSnowflake(), type: 1, name } });
    return [200, { id: channel.id, type: 1, last_message_id: null, flags: 0, recipients: [userJson(user)] }];
  }],
];

async function rest(request, response) {
  const began = performance.now();
  const bytes = await read(request);
  const path = request.url.split('?')[0].replace(PREFIX, '');
  const contentType = request.headers['content-type'] ?? '';
  const whole = contentType.startsWith('multipart/') ? form(contentType, bytes) : { body: parsed(bytes), files: [] };
  const entry = { at: Date.now(), method: request.method, url: request.url, reqBody: whole.body, files: whole.files };
  log.push(entry);
  const done = (status, body) => Object.assign(entry, { status, resBody: body, ms: performance.now() - began });
  const answer = (status, body, headers) => { done(status, body); send(response, status, body, headers); };

  const at = faults.findIndex((f) => (!f.method || f.method === request.method) && new RegExp(f.path).test(path));
  const fault = faults[at];
  if (fault) {
    fault.times -= 1;
    if (fault.times <= 0) faults.splice(at, 1);
    if (fault.delayMs) await new Promise((go) => setTimeout(go, fault.delayMs));
    if (fault.drop) { done(0, 'dropped'); return request.socket.destroy(); }
    if (fault.status) return answer(fault.status, fault.body, fault.headers);
  }
  const open = /^\/(interactions|webhooks)\//.test(path) || path === '/gateway';
  if (!open && request.headers.authorization !== `Bot ${TOKEN}`) return answer(401, { message: '401: Unauthorized', code: 0 });
  const interaction = /^\/interactions\/(\d+)\//.exec(path)?.[1];
  if (interaction && asked.has(interaction) && Date.now() - asked.get(interaction) > ANSWER_MS) late.push(interaction);
  for (const [method, pattern, act] of routes) {
    const found = method === request.method && path.match(pattern);
    if (found) return answer(...await act(found, whole.body));
  }
  if (whole.body?.message_reference) {
    const channel = /^\/channels\/(\d+)\//.exec(path)?.[1];
    whole.body = { ...whole.body, message_reference: { type: 0, channel_id: channel, guild_id: guild, ...whole.body.message_reference } };
  }
  const posts = request.method === 'POST' && /^\/channels\/\d+\/messages$/.test(path);
  const key = posts && whole.body?.enforce_nonce && whole.body.nonce != null ? `${path} ${whole.body.nonce}` : null;
  if (key && nonces.has(key)) return answer(200, nonces.get(key));
  return forward(request, response, { whole, entry, done, key, lost: fault?.dropAfter });
}

function forward(request, response, { whole, entry, done, key, lost }) {
  const body = whole.body === '' ? '' : JSON.stringify(whole.body);
  const headers = { ...request.headers, host: `127.0.0.1:${inner}`, 'content-length': Buffer.byteLength(body) };
  if (body) headers['content-type'] = 'application/json';
  const upstream = http.request({ host: '127.0.0.1', port: inner, method: request.method, path: request.url, headers }, async (r) => {
    const answer = parsed(await read(r));
    done(r.statusCode, answer);
    if (whole.files.length && answer?.id) files.set(answer.id, whole.files);
    if (key && r.statusCode === 200) {
      nonces.set(key, answer);
      setTimeout(() => nonces.delete(key), 300_000).unref();
    }
    // It was done, and the bot never learns.
    if (lost) return request.socket.destroy();
    const text = entry.resBody === '' ? '' : JSON.stringify(complete(answer));
    const kept = Object.fromEntries(Object.entries(r.headers).filter(([name]) => !/content-length|transfer-encoding/.test(name)));
    response.writeHead(r.statusCode, kept);
    return response.end(r.statusCode === 204 ? undefined : text);
  });
  upstream.on('error', (error) => { done(502, String(error)); send(response, 502, { message: String(error), code: 0 }); });
  upstream.end(body);
}

const upgrade = (request, socket, head) => twin.server.httpServer.emit('upgrade', request, socket, head);
http.createServer(rest).on('upgrade', upgrade).listen(API);
https.createServer({ key: fs.readFileSync('tls/discord.key'), cert: fs.readFileSync('tls/discord.crt') }, rest)
  .on('upgrade', upgrade).listen(TLS);

// ── what a test does ─────────────────────────────────────────────────────────────────────────────────────────────

async function react(present, { channel, user, message, emoji }) {
  const key = { messageId: message, userId: user, emoji };
  const there = await db.reaction.findFirst({ where: key });
  if (Boolean(there) === present) return;
  if (present) await db.reaction.create({ data: key });
  else await db.reaction.deleteMany({ where: key });
  const member = await db.guildMember.findUnique({
    where: { guildId_userId: { guildId: guild, userId: user } }, include: { user: true },
  });
  const author = (await db.message.findUnique({ where: { id: message } }))?.authorId;
  gateway.broadcast(present ? 'MESSAGE_REACTION_ADD' : 'MESSAGE_REACTION_REMOVE', {
    user_id: user, channel_id: channel, message_id: message, guild_id: guild, emoji: { id: null, name: emoji },
    ...(present ? {
      message_author_id: author,
      member: {
        user: userJson(member.user), roles: JSON.parse(member.roles), deaf: false, mute: false, flags: 0,
        joined_at: member.joinedAt.toISOString().replace('Z', '+00:00'),
      },
    } : {}),
  });
}

const flat = (list) => (list ?? []).flatMap((c) => [c, ...flat(c.components)]);

/** People press only what is on the message. */
async function part({ channel, message, custom_id: id }) {
  const found = await db.message.findUnique({ where: { id: message } });
  if (!found || found.channelId !== channel) throw new Error('no such message');
  const component = flat(JSON.parse(found.components)).find((c) => c.custom_id === id);
  if (!component) throw new Error(`${id} is not on that message`);
  if (component.disabled) throw new Error(`${id} is disabled`);
  return component;
}

const remembered = async (interaction) => { const made = await interaction; asked.set(made.id, Date.now()); return made; };
const interact = (b, type, data) => remembered(twin.simulateInteraction({
  type, channelId: b.channel, userId: b.user, messageId: b.message, data,
}));

const commands = {
  commands: async () => (await db.applicationCommand.findMany()).map(commandJson),
  slash: (b) => remembered(twin.channel(b.channel).user(b.user).runSlashCommand({ name: b.name, options: b.options })),
  autocomplete: (b) => interact(b, 4, { id: generateSnowflake(), name: b.name, type: 1, options: b.options }),
  button: async (b) => {
    await part(b);
    return remembered(twin.channel(b.channel).user(b.user).clickButton({ messageId: b.message, customId: b.custom_id }));
  },
  select: async (b) => {
    const { options, min_values: least = 1, max_values: most = 1 } = await part(b);
    for (const value of b.values) if (!options.some((o) => o.value === value)) throw new Error(`${value} is not offered`);
    if (b.values.length < least || b.values.length > most) throw new Error(`${b.values.length} values, of ${least} to ${most}`);
    return remembered(twin.channel(b.channel).user(b.user).selectMenu({ messageId: b.message, customId: b.custom_id, values: b.values }));
  },
  modal: (b) => interact(b, 5, {
    custom_id: b.custom_id,
    components: Object.entries(b.fields).map(([id, value], i) => (
      { type: 1, id: i + 1, components: [{ type: 4, id: 100 + i, custom_id: id, value }] })),
  }),
  react: (b) => react(true, b),
  unreact: (b) => react(false, b),
  channels: () => db.channel.findMany(),
  messages: async (b) => Promise.all((await db.message.findMany({ where: { channelId: b.channel }, orderBy: { id: 'asc' } })).map(async (m) => ({
    id: m.id, channel: m.channelId, author: m.authorId, type: m.type, flags: m.flags, content: m.content, nonce: m.nonce,
    edited: m.editedTimestamp, embeds: JSON.parse(m.embeds), components: JSON.parse(m.components), files: files.get(m.id) ?? [],
    reactions: (await db.reaction.findMany({ where: { messageId: m.id } })).map((r) => ({ user: r.userId, emoji: r.emoji })),
  }))),
  interaction: (b) => db.interactionResponse.findUnique({ where: { interactionId: b.id } }),
  log: (b) => log.slice(b.from ?? 0),
  late: () => late,
  fault: (b) => { faults.push({ times: 1, ...b }); },
  set: (b) => Object.assign(control, b),
  gateway: (b) => {
    for (const client of [...gateway.clients]) {
      if (b.do === 'reconnect') client.ws.send(JSON.stringify({ op: 7, d: null, s: null, t: null }));
      else if (b.do === 'invalid') client.ws.send(JSON.stringify({ op: 9, d: Boolean(b.resumable), s: null, t: null }));
      else if (b.do === 'close') client.ws.close(...(b.code ? [b.code] : []));
      else if (b.do === 'drop') client.ws._socket.destroy();
    }
  },
  clients: () => [...gateway.clients].map((c) => ({ session: c.sessionId, identified: c.identified, intents: c.intents })),
};

http.createServer(async (request, response) => {
  try {
    const act = commands[request.url.slice(1)];
    if (!act) return send(response, 404, { error: 'no such command', have: Object.keys(commands) });
    return send(response, 200, await act(JSON.parse((await read(request)).toString() || '{}')) ?? null);
  } catch (error) {
    return send(response, 400, { error: String(error?.message ?? error) });
  }
}).listen(CTL, () => console.log(JSON.stringify({ ready: true, api: API, tls: TLS, ctl: CTL })));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
