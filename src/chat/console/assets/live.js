// What changes while the page is open.

import { morph, morphChildren, parse } from './morph.js';
import { announce, signInAgain } from './speak.js';

const page = document.body.dataset;
const feed = document.querySelector('[data-feed]');
const whole = document.querySelector('[data-fragment]');
const sign = document.querySelector('[data-live]');
const HIDDEN_FOR = 60_000;

let source = null;
let pending = 0;
let prepare = () => {};
let hiding = 0;
let grown = () => {};

/** `prepared` readies new nodes; `changed` is told after the feed grew. */
export function start(prepared, changed) {
  if (!sign || !(feed || whole)) return;
  prepare = prepared;
  grown = changed;
  connect();
  // Browsers allow few connections at a time: a page nobody looks at gives its own back.
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (!document.hidden) { if (!source) connect(); } else hiding = setTimeout(disconnect, HIDDEN_FOR);
  });
  addEventListener('pagehide', disconnect);
  addEventListener('pageshow', (event) => { if (event.persisted && !source) connect(); });
}

function disconnect() {
  source?.close();
  source = null;
}

function connect() {
  const query = new URLSearchParams();
  if (feed) query.set('channel', page.channel);
  else if (page.deployment) query.set('deployment', page.deployment);
  source = new EventSource(`/events?${query}`);
  // The stream tells of everything after it was opened; what came before is read once more.
  source.addEventListener('open', () => { show('on', 'Live'); catchUp(); });
  source.addEventListener('resync', catchUp);
  source.addEventListener('message', (event) => { if (feed) receive(JSON.parse(event.data)); });
  source.addEventListener('deployment', () => { if (whole) soon(); });
  source.addEventListener('error', () => {
    show('off', 'Reconnecting…');
    if (source?.readyState !== EventSource.CLOSED) return;
    disconnect();
    setTimeout(() => { if (!source && !document.hidden) connect(); }, 2000);
  });
}

function show(state, words) {
  sign.dataset.live = state;
  sign.querySelector('[data-live-words]').textContent = words;
}

/** Many changes at once are one reading; a page that takes long to read is read less often. */
function soon() {
  if (pending) return;
  pending = setTimeout(() => { pending = 0; catchUp(); }, Math.max(80, 2 * took));
}

let reading = false;
let again = false;
let took = 0;
async function catchUp() {
  if (reading) { again = true; return; }
  reading = true;
  try {
    do {
      again = false;
      const began = performance.now();
      const n = feed ? Math.min(500, Math.max(80, feed.querySelectorAll('[data-message]').length + 20)) : 0;
      const response = await fetch(feed ? `/c/${encodeURIComponent(page.channel)}/fragment?limit=${n}` : whole.dataset.fragment);
      if (response.status === 401) { signInAgain(); return; }
      if (!response.ok) { again = false; setTimeout(soon, 3000); return; }
      const html = await response.text();
      if (feed) merge(html); else morphChildren(whole, parse(html, prepare));
      took = Math.min(3000, performance.now() - began);
    } while (again);
  } catch {
    setTimeout(soon, 3000);
  } finally {
    reading = false;
  }
}

// ── the feed ─────────────────────────────────────────────────────────────────────────────────────────────────────

const byId = (a, b) => Number(a.dataset.id) - Number(b.dataset.id);
const find = (list, attribute, key) => [...list.children].find((el) => el.dataset[attribute] === key);

/** Adds or renews posts and replies, in the order in which they were first shown. */
export function merge(html) {
  const part = parse(html, prepare);
  const older = part.querySelector('[data-older]');
  for (const post of part.querySelectorAll('[data-post]')) upsertPost(post);
  if (!feed.querySelector('[data-post]')) {
    if (!feed.querySelector('[data-empty]')) feed.replaceChildren(...part.children);
  } else feed.querySelector('[data-empty]')?.remove();
  grown(false);
  return older;
}

function upsertPost(post) {
  const there = find(feed, 'post', post.dataset.post);
  if (!there) {
    place(feed, post);
    count(post);
    return true;
  }
  morph(there.querySelector(':scope > [data-message]'), post.querySelector(':scope > [data-message]'));
  for (const reply of [...post.querySelectorAll('[data-thread-list] > [data-message]')]) upsertReply(there, reply);
  return false;
}

function upsertReply(post, reply) {
  const list = post.querySelector('[data-thread-list]');
  const there = find(list, 'message', reply.dataset.message);
  if (there) morph(there, reply);
  else place(list, reply);
  count(post);
  return !there;
}

function place(list, el) {
  const after = [...list.children].find((other) => other.dataset.id && byId(other, el) > 0);
  list.insertBefore(el, after || null);
}

function count(post) {
  const n = post.querySelectorAll('[data-thread-list] > [data-message]').length;
  post.querySelector('[data-thread-count]').textContent = n;
  post.querySelector('[data-open-thread]').hidden = n === 0;
}

function receive({ key, thread, html, says, edited }) {
  const part = parse(html, prepare);
  let isNew = false;
  if (thread) {
    const post = find(feed, 'post', thread);
    if (!post) { soon(); return; }
    isNew = upsertReply(post, part.firstElementChild);
  } else if (part.firstElementChild) {
    feed.querySelector('[data-empty]')?.remove();
    isNew = upsertPost(part.firstElementChild);
  }
  if (isNew && !edited) announce(`New: ${says}`);
  grown(isNew, key);
}
