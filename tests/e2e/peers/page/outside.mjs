// Those outside who carry pages: a real mail server, and stand-ins of PagerDuty's Events API v2, of a telephone provider
// that speaks Twilio's language, and of a receiver of signed calls. Each holds what it is sent against what is published,
// and answers as it was told to before it answers well.

import { spawn, execFile } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually, freePort } from '../../lib.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const python = process.env.ROLLCALL_E2E_PYTHON || 'python3';
const run = promisify(execFile);
const running = new Set();

export const ROUTING_KEY = 'R0123456789012345678901234567890';
export const HOOK_SECRET = 'what the receiver knows';
export const PAGERDUTY_SECRET = 'what PagerDuty signs with';
export const TWILIO = { account: 'AC0123456789', token: 'what the provider knows', from: '+4930111222' };

/** In a script: the call is heard and never answered. */
export const SILENCE = 'silence';

/** A mail server, and the mails it has. */
export class MailServer {
  static async start() {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-mails-'));
    const port = await freePort();
    const child = spawn(python, [join(here, 'mail.py'), folder, String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
    const server = Object.assign(new MailServer(), { folder, port, child, log: '' });
    child.stderr.on('data', (text) => { server.log += text; });
    running.add(server);
    await eventually('the mail server listens', () => new Promise((done, fail) => {
      if (child.exitCode !== null) throw new Error(`it ended: ${server.log}`);
      const line = connect(port, '127.0.0.1');
      line.once('data', () => { line.destroy(); done(true); });
      line.once('error', fail);
    }));
    return server;
  }

  async mails() { return JSON.parse((await run(python, [join(here, 'mails.py'), this.folder])).stdout); }

  /** The mail to somebody, the newest where there are several. */
  async to(address, within = 20_000) {
    return eventually(`a mail to ${address}`, async () => (await this.mails()).findLast((m) => m.to === address), within);
  }

  /** All mails to somebody. */
  async all(address) { return (await this.mails()).filter((m) => m.to === address); }

  async end() {
    running.delete(this);
    this.child.kill('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Answers what `script` says before it answers what `take` gives; keeps what came, and what was wrong with it. */
class Receiver {
  static async start(take) {
    const receiver = Object.assign(new Receiver(), { got: [], wrong: [], script: [] });
    receiver.server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const call = { at: Date.now(), path: request.url, method: request.method, headers: request.headers, body };
        const answer = take(receiver, call);
        receiver.got.push(call);
        const next = receiver.script.shift() ?? answer;
        if (next === SILENCE) return;
        const [status, said, headers = {}] = next;
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(said));
      });
    });
    const port = await freePort();
    await new Promise((done) => receiver.server.listen(port, '127.0.0.1', done));
    receiver.url = `http://127.0.0.1:${port}`;
    running.add(receiver);
    return receiver;
  }

  until(what, test, within = 20_000) { return eventually(what, () => this.got.find(test), within); }

  async end() {
    running.delete(this);
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

/** PagerDuty's Events API v2: `POST /v2/enqueue`, as its reference describes the body. */
export const pagerDuty = () => Receiver.start((receiver, call) => {
  const wrong = [];
  const must = (holds, what) => { if (!holds) wrong.push(what); };
  let event = {};
  try { event = JSON.parse(call.body); } catch { wrong.push('the body is no JSON'); }
  call.event = event;
  const known = ['routing_key', 'event_action', 'dedup_key', 'payload', 'client', 'client_url', 'links', 'images'];
  must(call.method === 'POST' && call.path === '/v2/enqueue', `${call.method} ${call.path}`);
  must(/^application\/json/.test(call.headers['content-type'] ?? ''), 'content-type is not application/json');
  for (const name of Object.keys(event)) must(known.includes(name), `${name} is not known`);
  must(event.routing_key === ROUTING_KEY, 'routing_key is not 32 characters of this service');
  must(['trigger', 'acknowledge', 'resolve'].includes(event.event_action), `event_action ${event.event_action}`);
  must(typeof event.dedup_key === 'string' && event.dedup_key.length <= 255, 'dedup_key');
  if (event.event_action === 'trigger') {
    const payload = event.payload ?? {};
    const fields = ['summary', 'source', 'severity', 'timestamp', 'component', 'group', 'class', 'custom_details'];
    for (const name of Object.keys(payload)) must(fields.includes(name), `payload.${name} is not known`);
    must(payload.summary?.length > 0 && payload.summary.length <= 1024, 'payload.summary');
    must(payload.source?.length > 0, 'payload.source');
    must(['critical', 'warning', 'error', 'info'].includes(payload.severity), `payload.severity ${payload.severity}`);
    for (const link of event.links ?? []) must(/^https?:/.test(link.href), 'links.href');
  }
  receiver.wrong.push(...wrong);
  if (wrong.length) return [400, { status: 'invalid event', message: 'Event object is invalid', errors: wrong }];
  return [202, { status: 'success', message: 'Event processed', dedup_key: event.dedup_key }];
});

/** A telephone provider that speaks Twilio's language. */
export const telephone = () => Receiver.start((receiver, call) => {
  const form = new URLSearchParams(call.body);
  call.form = Object.fromEntries(form);
  const authorization = `Basic ${Buffer.from(`${TWILIO.account}:${TWILIO.token}`).toString('base64')}`;
  if (call.headers.authorization !== authorization) return [401, { code: 20003, message: 'Authenticate', status: 401 }];
  const resource = call.path.match(/^\/2010-04-01\/Accounts\/AC0123456789\/(Messages|Calls)\.json$/)?.[1];
  if (!resource) return [404, { code: 20404, message: 'The requested resource was not found', status: 404 }];
  if (!/^\+[1-9]\d{6,14}$/.test(form.get('To') ?? '')) return [400, { code: 21211, message: "Invalid 'To' Phone Number", status: 400 }];
  const text = resource === 'Messages' ? form.get('Body') : form.get('Twiml');
  if (form.get('From') !== TWILIO.from || !text || text.length > 1600) receiver.wrong.push(call.body);
  if (resource === 'Calls' && !/^<Response><Say>[^<]+<\/Say>.*<\/Response>$/.test(text)) receiver.wrong.push(text);
  return [201, { sid: `${resource === 'Messages' ? 'SM' : 'CA'}${receiver.got.length}`, status: 'queued' }];
});

/** A receiver that trusts nobody whose signature it cannot make itself. */
export const hook = () => Receiver.start((receiver, call) => {
  const [, t, v1] = (call.headers['x-rollcall-signature'] ?? '').match(/^t=(\d+),v1=([0-9a-f]{64})$/) ?? [];
  const ours = createHmac('sha256', HOOK_SECRET).update(`${t}.${call.body}`).digest('hex');
  const signed = v1 && timingSafeEqual(Buffer.from(v1), Buffer.from(ours)) && Math.abs(Date.now() / 1000 - Number(t)) < 300;
  if (!signed) receiver.wrong.push(`not signed: ${JSON.stringify(call.headers)}`);
  call.json = JSON.parse(call.body);
  return signed ? [200, {}] : [401, {}];
});

/** Tells the bot what PagerDuty would: somebody did something to an incident there. */
export async function pagerDutyTells(bot, type, dedupKey, who, { id = `01${Math.random().toString(36).slice(2)}`, secret = PAGERDUTY_SECRET } = {}) {
  const agent = who && { id: 'PLH1HKV', type: 'user_reference', summary: who, html_url: 'https://example.pagerduty.com' };
  const body = JSON.stringify({ event: {
    id, event_type: type, resource_type: 'incident', occurred_at: new Date().toISOString(), agent, client: null,
    data: { id: 'PGR0VU2', type: 'incident', incident_key: dedupKey, number: 2, status: type.split('.')[1], title: 'x' },
  } });
  const signature = `v1=${createHmac('sha256', 'an old secret').update(body).digest('hex')},v1=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const response = await fetch(`${bot.url}/pagerduty`, {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'X-PagerDuty-Signature': signature }, body,
  });
  return response.status;
}

export async function endOutside() {
  for (const one of running) await one.end();
}
