// Saying things to Rollcall: who says it, the request and its repetition, the answer, the questions before it.

import { changedAt } from './morph.js';

const body = document.body;
const $ = (selector, root = document) => root.querySelector(selector);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const PAUSES = [500, 1000, 2000, 4000, 8000];
/** Less than this before a press, nobody has seen that a button became another one. */
const UNSEEN = 700;

// ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const store = (kind, name, value) => {
  try { return value === undefined ? kind.getItem(name) : kind.setItem(name, value); } catch { return null; }
};

/** The name acted under, if known. */
export const me = () => body.dataset.me || store(sessionStorage, 'rollcall.me') || '';

/** Asks who is there; gives the name, or '' when they would rather not say. */
export function askWho() {
  const dialog = $('[data-dialog=who]');
  const input = $('input', dialog);
  const error = $('[data-error]', dialog);
  input.value = me() || store(localStorage, 'rollcall.last') || '';
  error.textContent = '';
  return open(dialog, input, async () => {
    const answer = await fetch('/api/me', { headers: { 'X-Rollcall-As': encodeURIComponent(input.value) } })
      .then((r) => r.json()).catch(() => ({ error: 'Rollcall cannot be reached just now. Try again.' }));
    if (!answer.name) {
      error.textContent = answer.error || 'Pick a name.';
      return undefined;
    }
    store(sessionStorage, 'rollcall.me', answer.name);
    store(localStorage, 'rollcall.last', answer.name);
    document.dispatchEvent(new Event('rollcall:me'));
    return answer.name;
  }, '');
}

// ── dialogs ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Shows a dialog until `submit` gives something or it is left; `left` is what leaving gives. */
function open(dialog, first, submit, left) {
  return new Promise((done) => {
    const form = $('form', dialog);
    let result = left;
    const onSubmit = async (event) => {
      event.preventDefault();
      const given = await submit();
      if (given === undefined) return first.focus();
      result = given;
      dialog.close();
    };
    const onClick = (event) => { if (event.target === dialog || event.target.closest('[data-cancel]')) dialog.close(); };
    form.addEventListener('submit', onSubmit);
    dialog.addEventListener('click', onClick);
    dialog.addEventListener('close', () => {
      form.removeEventListener('submit', onSubmit);
      dialog.removeEventListener('click', onClick);
      done(result);
    }, { once: true });
    dialog.showModal();
    first.focus();
    first.select?.();
  });
}

/** Asks what a button wants to know first. Gives the words to say, or null. */
function ask(button) {
  const { command, ask: question, confirm, label } = button.dataset;
  if (!question && !confirm) return command;
  const dialog = $('[data-dialog=ask]');
  const input = $('input', dialog);
  const extra = $('[data-confirmation]', dialog);
  const go = $('[data-go]', dialog);
  const says = $('[data-says]', dialog);
  $('[data-question]', dialog).textContent = question || confirm;
  extra.hidden = !(question && confirm);
  extra.textContent = confirm || '';
  input.hidden = !question;
  input.required = Boolean(question);
  input.value = '';
  go.textContent = label || 'Say it';
  go.className = button.classList.contains('danger') ? 'button danger' : 'button primary';
  const words = () => question && input.value.trim() ? `${command} ${input.value.trim()}` : command;
  const show = () => { says.textContent = `/deploy ${words()}`; };
  input.oninput = show;
  show();
  return open(dialog, question ? input : go, async () => words(), null);
}

// ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** A name for a request. `randomUUID` is there over HTTPS and on the own machine only. */
export const newKey = () => crypto.randomUUID?.()
  ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');

/**
 * Sends with one key until it is answered; what was already recorded is then answered again, not done again.
 * `waiting(words)` is told while there is no answer yet. Gives the answer, or throws with a sentence.
 */
async function send(path, content, waiting) {
  const request = { ...content, key: content.key || newKey() };
  const headers = { 'Content-Type': 'application/json', 'X-Rollcall': '1' };
  if (!body.dataset.me && me()) headers['X-Rollcall-As'] = encodeURIComponent(me());
  for (let tries = 0; ; tries += 1) {
    let response = null;
    try {
      response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(request) });
      const answer = await response.json();
      if (response.ok) return answer;
      if (response.status === 401) signInAgain();
      if (response.status < 500) throw Object.assign(new Error(answer.error), { told: true });
    } catch (error) {
      if (error.told) throw error;
    }
    if (tries === PAUSES.length) {
      const why = response ? 'Rollcall is not well' : 'Rollcall cannot be reached';
      const words = `It is not certain whether this was recorded: ${why}. Trying again does nothing twice.`;
      throw Object.assign(new Error(words), { again: { path, content: request } });
    }
    waiting?.(`No answer yet, trying again (${tries + 1} of ${PAUSES.length})…`);
    await wait(PAUSES[tries]);
  }
}

/** To the sign-in page and back here; what stands in the composer is kept as a draft. */
export function signInAgain() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Says words. Gives true when they were answered, whatever the answer. The same `key` is never done twice. */
export async function say(text, deployment, waiting, pressed, key = newKey()) {
  if (!me() && !(await askWho())) return false;
  const content = { text, channel: body.dataset.channel, deployment: deployment || null, key };
  return exchange('/api/say', content, waiting, pressed);
}

async function exchange(path, content, waiting, pressed) {
  try {
    const answer = await send(path, content, waiting);
    if (answer.brief && pressed) toast(answer.text || 'Recorded.');
    else if (answer.text || !answer.brief) showReply(answer.html, !pressed);
    return true;
  } catch (error) {
    showProblem(error, pressed);
    return false;
  }
}

// ── answers only the reader sees ─────────────────────────────────────────────────────────────────────────────────

const replies = $('[data-replies]');

function panel(...content) {
  const el = document.createElement('div');
  el.className = 'ephemeral';
  el.dataset.ephemeral = '';
  const head = document.createElement('p');
  head.className = 'only-you';
  head.textContent = 'Only you see this';
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'button small';
  close.dataset.dismiss = '';
  close.setAttribute('aria-label', 'Dismiss');
  close.textContent = '×';
  head.append(close);
  el.append(head, ...content);
  replies.append(el);
  while (replies.children.length > 3) replies.firstElementChild.remove();
  replies.scrollTop = el.offsetTop - replies.offsetTop;
  return el;
}

function showReply(html, alone) {
  if (alone) replies.replaceChildren();
  const template = document.createElement('template');
  template.innerHTML = html;
  const el = panel(template.content);
  document.dispatchEvent(new CustomEvent('rollcall:drawn', { detail: el }));
  announce(el.querySelector('[data-reply]')?.textContent || '');
  el.scrollIntoView({ block: 'nearest' });
}

function showProblem(error, pressed) {
  const words = document.createElement('p');
  words.className = 'error';
  words.textContent = error.message || 'That did not work.';
  const el = panel(words);
  el.dataset.problem = '';
  announce(words.textContent);
  if (!error.again) return;
  const again = document.createElement('button');
  again.type = 'button';
  again.className = 'button primary';
  again.dataset.again = '';
  again.textContent = 'Try again';
  again.addEventListener('click', async () => {
    el.remove();
    const done = await exchange(error.again.path, error.again.content, null, pressed);
    if (done) document.dispatchEvent(new CustomEvent('rollcall:answered', { detail: error.again.content.key }));
  });
  el.append(again);
}

/** A passing word: for presses whose effect shows on the card anyway. */
function toast(text) {
  const el = document.createElement('p');
  el.className = 'toast';
  el.dataset.toast = '';
  el.textContent = text;
  replies.append(el);
  announce(el.textContent);
  setTimeout(() => el.remove(), 5000);
}

/** Tells screen readers, politely. */
export function announce(text) {
  const el = $('[data-announce]');
  if (el) el.textContent = text.replace(/\s+/g, ' ').trim().slice(0, 300);
}

// ── presses ──────────────────────────────────────────────────────────────────────────────────────────────────────

const deploymentOf = (el) => Number(el.closest('[data-deployment]')?.dataset.deployment) || null;

/** Presses mean what was seen: a button that has only just become another one asks to be looked at first. */
async function press(button, at) {
  if (button.hasAttribute('data-busy')) return;
  if (at - changedAt(button) < UNSEEN) {
    toast('This has only just changed, so nothing was done. Look, then press again.');
    return;
  }
  const words = await ask(button);
  if (words === null) return;
  button.closest('details.more')?.removeAttribute('open');
  button.dataset.busy = 'sending';
  const done = await say(words, deploymentOf(button), waits(button), true);
  settle(button, done);
  if (done && button.closest('.choices')) button.closest('[data-ephemeral]')?.remove();
}

async function react(chip) {
  if (chip.hasAttribute('data-busy') || (!me() && !(await askWho()))) return;
  chip.dataset.busy = 'sending';
  const content = {
    message: chip.closest('[data-message]').dataset.message,
    emoji: chip.dataset.react,
    present: chip.getAttribute('aria-pressed') !== 'true',
  };
  const done = await exchange('/api/react', content, waits(chip), true);
  settle(chip, done);
}

const waits = (el) => (words) => {
  if (el.dataset.busy !== 'waiting') announce(words);
  el.dataset.busy = 'waiting';
};

/** The newer card takes the busy look away; should none come, it goes by itself. */
function settle(el, done) {
  if (!done) el.removeAttribute('data-busy');
  else setTimeout(() => el.removeAttribute('data-busy'), 400);
}

/** Copies what an element says. Where the page may not, it is left selected. */
async function copy(el) {
  try {
    await navigator.clipboard.writeText(el.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(el);
    try { return document.execCommand('copy'); } catch { return false; }
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.command !== undefined) press(button, event.timeStamp);
  else if (button.dataset.react !== undefined) react(button);
  else if (button.dataset.dismiss !== undefined) {
    button.closest('[data-ephemeral]').remove();
    $('#say')?.focus();
  } else if (button.dataset.copy !== undefined) {
    copy($('code', button.parentElement)).then((copied) => {
      if (!copied) return announce('Selected; copy it from there.');
      button.textContent = 'Copied';
      announce('Copied');
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
      return undefined;
    });
  } else if (button.dataset.who !== undefined) askWho();
  else if (button.dataset.signOut !== undefined) send('/api/sign-out', {}).then(() => location.assign('/sign-in'));
});
