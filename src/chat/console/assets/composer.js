// The line at the bottom: words, how they could go on, and what was said before.

import { newKey, say } from './speak.js';

const form = document.querySelector('[data-composer]');
const input = document.querySelector('#say');
const list = document.querySelector('#completions');
const state = document.querySelector('[data-say-state]');
const context = document.querySelector('[data-context]');
const page = document.body.dataset;
const DRAFT = `rollcall.draft.${page.channel}.${page.deployment || ''}`;
const TICKET = `${DRAFT}.ticket`;

let options = [];
let chosen = -1;
let asked = 0;
let timer = 0;
let back = -1;
let sending = false;
let ticket = null;
let about = Number(page.deployment) || null;

const past = () => { try { return JSON.parse(sessionStorage.getItem('rollcall.said') || '[]'); } catch { return []; } };
const keep = (name, value) => { try { sessionStorage.setItem(name, value); } catch { /* private mode */ } };

/** Which deployment the words are about, from an open thread. */
export function speakOf(deployment) {
  if (page.deployment) return;
  about = deployment;
  input.placeholder = deployment ? 'tick 3.2 · note … · status' : '/deploy start v1.2.0';
  context.hidden = !deployment;
  context.querySelector('[data-context-words]').textContent = deployment ? `In the thread of #${deployment}` : '';
}

/** Puts words into the line, for the person to finish. */
export function fill(text) {
  input.value = text;
  keep(DRAFT, text);
  input.focus();
  input.setSelectionRange(text.length, text.length);
  lookUp();
}

// ── completion ───────────────────────────────────────────────────────────────────────────────────────────────────

function close() {
  list.hidden = true;
  options = [];
  chosen = -1;
  asked += 1;
  clearTimeout(timer);
  input.setAttribute('aria-expanded', 'false');
  input.removeAttribute('aria-activedescendant');
}

function lookUp() {
  clearTimeout(timer);
  const mine = ++asked;
  timer = setTimeout(async () => {
    const query = new URLSearchParams({ channel: page.channel, text: input.value });
    if (about) query.set('deployment', about);
    const found = await fetch(`/api/complete?${query}`).then((r) => (r.ok ? r.json() : [])).catch(() => []);
    if (mine === asked && document.activeElement === input) draw(found.slice(0, 12));
  }, 90);
}

function draw(found) {
  options = found;
  chosen = -1;
  list.replaceChildren(...found.map(({ label, detail }, i) => {
    const li = document.createElement('li');
    li.id = `completion-${i}`;
    li.setAttribute('role', 'option');
    li.setAttribute('aria-selected', 'false');
    li.dataset.completion = label;
    const name = document.createElement('code');
    name.textContent = label;
    const words = document.createElement('span');
    words.textContent = detail;
    li.append(name, words);
    return li;
  }));
  list.hidden = found.length === 0;
  input.setAttribute('aria-expanded', String(found.length > 0));
  input.removeAttribute('aria-activedescendant');
}

function choose(i) {
  list.children[chosen]?.setAttribute('aria-selected', 'false');
  chosen = (i + options.length) % options.length;
  const li = list.children[chosen];
  li.setAttribute('aria-selected', 'true');
  li.scrollIntoView({ block: 'nearest' });
  input.setAttribute('aria-activedescendant', li.id);
}

function accept(i) {
  const { text } = options[i];
  close();
  fill(text.endsWith(' ') ? text : `${text} `);
}

// ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────

function recall(step) {
  const said = past();
  const next = Math.min(Math.max(back + step, -1), said.length - 1);
  if (next === back) return;
  back = next;
  input.value = back < 0 ? '' : said[said.length - 1 - back];
  input.setSelectionRange(input.value.length, input.value.length);
}

// ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The request's key: as long as the same words were not answered, saying them again is the same request. */
function keyFor(text) {
  let last = null;
  try { last = JSON.parse(sessionStorage.getItem(TICKET)); } catch { /* private mode */ }
  last = last || ticket;
  if (last?.text !== text || last.about !== about) last = { text, about, key: newKey() };
  ticket = last;
  keep(TICKET, JSON.stringify(last));
  return last.key;
}

function answered(text) {
  ticket = null;
  keep(TICKET, '');
  keep('rollcall.said', JSON.stringify([...past().filter((t) => t !== text), text].slice(-50)));
  back = -1;
  if (input.value.trim() !== text) return;
  input.value = '';
  keep(DRAFT, '');
}

async function submit() {
  const text = input.value.trim();
  if (!text || sending) return;
  close();
  sending = true;
  form.dataset.busy = 'sending';
  input.readOnly = true;
  state.textContent = '';
  const done = await say(text, about, (words) => {
    form.dataset.busy = 'waiting';
    state.textContent = words;
  }, false, keyFor(text));
  sending = false;
  delete form.dataset.busy;
  input.readOnly = false;
  state.textContent = '';
  if (done) answered(text);
  input.focus();
}

function onKey(event) {
  if (event.isComposing) return;
  const popup = !list.hidden;
  const { key: name } = event;
  if (name === 'ArrowDown' && popup) choose(chosen + 1);
  else if (name === 'ArrowUp' && popup && chosen >= 0) choose(chosen - 1);
  else if (name === 'ArrowUp' && (back >= 0 || !input.value)) { close(); recall(1); }
  else if (name === 'ArrowUp' && popup) choose(options.length - 1);
  else if (name === 'ArrowDown' && back >= 0) recall(-1);
  else if (name === 'ArrowDown') lookUp();
  else if (name === 'Tab' && popup && !event.shiftKey) accept(Math.max(chosen, 0));
  else if (name === 'Enter' && popup && chosen >= 0) accept(chosen);
  else if (name === 'Escape' && popup) close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function start() {
  if (!form) return;
  form.addEventListener('submit', (event) => { event.preventDefault(); submit(); });
  input.addEventListener('keydown', onKey);
  input.addEventListener('input', () => {
    back = -1;
    keep(DRAFT, input.value);
    // Words given up are another request when they are said again some day.
    if (!input.value.trim()) { ticket = null; keep(TICKET, ''); }
    lookUp();
  });
  document.addEventListener('rollcall:answered', (event) => {
    if (ticket?.key === event.detail) answered(ticket.text);
  });
  input.addEventListener('blur', () => setTimeout(close, 150));
  list.addEventListener('mousedown', (event) => event.preventDefault());
  list.addEventListener('click', (event) => {
    const li = event.target.closest('[role=option]');
    if (li) accept([...list.children].indexOf(li));
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button?.dataset.fill !== undefined) fill(button.dataset.fill);
    else if (button?.dataset.contextClear !== undefined) speakOf(null);
  });
  try { input.value = sessionStorage.getItem(DRAFT) || ''; } catch { /* private mode */ }
}
