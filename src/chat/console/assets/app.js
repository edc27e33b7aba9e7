// Puts the page together: names, times, threads. The other modules speak, listen and complete.

import { fill, speakOf, start as startComposer } from './composer.js';
import { merge, start as startLive } from './live.js';
import { parse } from './morph.js';
import { askWho, me } from './speak.js';

const page = document.body.dataset;
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const feed = $('[data-feed]');
const wide = matchMedia('(min-width: 1000px)');

// ── readying nodes ───────────────────────────────────────────────────────────────────────────────────────────────

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dated = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

function prepare(root) {
  const today = new Date().toDateString();
  for (const el of $$('time[datetime]', root)) {
    const at = new Date(el.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    el.textContent = (at.toDateString() === today ? clock : dated).format(at);
    el.title = full.format(at);
  }
  const name = me();
  for (const chip of $$('[data-names]', root)) {
    chip.setAttribute('aria-pressed', String(name !== '' && JSON.parse(chip.dataset.names).includes(name)));
  }
}

// ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function showWho() {
  const button = $('[data-who]');
  if (button) button.textContent = me() || 'Who are you?';
  button?.setAttribute('aria-label', me() ? `You act as ${me()}. Change` : 'Who are you? Pick a name');
  prepare(document);
}

// ── threads ──────────────────────────────────────────────────────────────────────────────────────────────────────

const OPEN = `rollcall.thread.${page.channel}`;
const remember = (value) => { try { sessionStorage.setItem(OPEN, value); } catch { /* private mode */ } };
const openPost = () => $('[data-post][data-local-open]');

function openThread(post, moveFocus) {
  closeThread(false);
  post.dataset.localOpen = '';
  document.body.dataset.localThread = '';
  $('[data-open-thread]', post).setAttribute('aria-expanded', 'true');
  speakOf(Number(post.dataset.deployment));
  remember(post.dataset.post);
  const last = $('[data-thread-list]', post).lastElementChild;
  if (last) $('[data-thread-list]', post).scrollTop = last.offsetTop - 12;
  if (moveFocus) $('.thread h2', post).focus({ preventScroll: true });
}

function closeThread(moveFocus) {
  const post = openPost();
  if (!post) return;
  delete post.dataset.localOpen;
  delete document.body.dataset.localThread;
  const opener = $('[data-open-thread]', post);
  opener.setAttribute('aria-expanded', 'false');
  speakOf(null);
  if (moveFocus) { remember('none'); opener.focus(); }
}

/** The thread open before, else on a wide page the newest one. */
function openFirst() {
  const threads = $$('[data-post]').filter((p) => !$('[data-open-thread]', p).hidden);
  let last = null;
  try { last = sessionStorage.getItem(OPEN); } catch { /* private mode */ }
  const post = threads.find((p) => p.dataset.post === last) || (last === 'none' ? null : threads.at(-1));
  if (post && wide.matches) openThread(post, false);
}

let atBottom = true;
const bottom = () => scrollTo({ top: document.documentElement.scrollHeight });

function grown(isNew) {
  const boards = $$('[data-what=board]');
  const button = $('[data-to-board]');
  if (button) button.hidden = boards.length === 0;
  if (isNew && wide.matches && !openPost()) openFirst();
  if (atBottom) bottom();
}

async function showOlder(button) {
  button.disabled = true;
  const response = await fetch(`/c/${encodeURIComponent(page.channel)}/fragment?before=${button.dataset.older}`)
    .catch(() => null);
  button.disabled = false;
  if (!response?.ok) return;
  const height = document.documentElement.scrollHeight;
  const html = await response.text();
  const older = parse(html).querySelector('[data-older]');
  merge(html);
  if (older) button.dataset.older = older.dataset.older;
  else button.remove();
  scrollBy(0, document.documentElement.scrollHeight - height);
}

function startFeed() {
  addEventListener('scroll', () => {
    atBottom = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
  }, { passive: true });
  openFirst();
  grown(false);
  bottom();
}

// ── the page's own buttons ───────────────────────────────────────────────────────────────────────────────────────

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  for (const menu of $$('details.more[open]')) if (!menu.contains(event.target)) menu.open = false;
  if (event.target.closest('.jump-phone a')) $('.jump-phone').open = false;
  if (!button) return;
  if (button.dataset.openThread !== undefined) openThread(button.closest('[data-post]'), true);
  else if (button.dataset.closeThread !== undefined) closeThread(true);
  else if (button.dataset.older !== undefined) showOlder(button);
  else if (button.dataset.toBoard !== undefined) {
    const board = $$('[data-what=board]').at(-1);
    closeThread(false);
    board?.scrollIntoView({ block: 'center' });
    $('.card-title', board)?.focus?.();
  }
});

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !$('dialog[open]') && !event.target.closest('input')) {
    const menu = $('details.more[open]');
    if (menu) { menu.open = false; $('summary', menu).focus(); } else closeThread(true);
  } else if (event.key === '/' && !event.target.closest('input, textarea, dialog')) {
    event.preventDefault();
    const input = $('#say');
    if (input && !input.value) fill('/deploy '); else input?.focus();
  }
});

function startSignIn(form) {
  const error = $('[data-error]', form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { person, key } = Object.fromEntries(new FormData(form));
    const answer = await fetch('/api/sign-in', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Rollcall': '1' },
      body: JSON.stringify({ person, key }),
    }).then((r) => r.json()).catch(() => ({ error: 'Rollcall cannot be reached just now.' }));
    if (answer.ok) location.assign(form.dataset.next);
    else error.textContent = answer.error;
  });
}

document.addEventListener('rollcall:me', showWho);
document.addEventListener('rollcall:drawn', (event) => prepare(event.detail));

const signIn = $('[data-sign-in]');
if (signIn) startSignIn(signIn);
if ($('[data-composer]')) {
  showWho();
  startComposer();
  if (feed) startFeed();
  startLive(prepare, grown);
  if (page.signsIn === 'false' && !me()) askWho();
} else prepare(document);

const dock = $('.dock');
if (dock) {
  new ResizeObserver(() => document.documentElement.style.setProperty('--dock', `${dock.offsetHeight}px`)).observe(dock);
}
