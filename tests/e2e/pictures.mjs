// Makes the pictures of the README, in docs/: `npm run pictures`. Never by itself: a picture is looked at by a person.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Bot, closeAll, Person, root } from './lib.mjs';

const docs = join(root, 'docs');
await mkdir(docs, { recursive: true });
const bot = await Bot.start();
const must = async (text, as) => {
  const answer = await bot.say(text, as);
  if (!answer.ok) throw new Error(`${text}: ${answer.text}`);
};
await must('start v1.2.0 checklist:production-service', 'Ana');
const record = await bot.record();
const people = ['Ana', 'Ben', 'Cleo', 'Dmitri'];
const sections = [...new Set(record.items.map((i) => i.section))].slice(0, 4);
for (const [n, section] of sections.entries()) {
  const items = record.items.filter((i) => i.section === section);
  const last = n === sections.length - 1;
  for (const [i, item] of items.entries()) {
    if (last && i >= 4) break;
    if (item.optional && i % 2) await must(`skip ${item.number}`, people[(i + n) % 4]);
    else if (last && i === 2) await must(`fail ${item.number} the registry answers 503`, 'Ben');
    else await must(`tick ${item.number}${i === 0 && n % 2 ? ' twice, to be sure' : ''}`, people[(i + n) % 4]);
  }
}
const now = record.items.find((i) => i.section === sections.at(-1) && i.number !== undefined);
const open = (await bot.record()).items.find((i) => i.section === now.section && i.state === 'open');
if (open) await must(`assign ${open.number} @Cleo`, 'Ana');

const shots = [
  ['console', '/c/deployments', { viewport: { width: 1280, height: 860 }, colorScheme: 'light' }],
  ['console-dark', '/c/deployments', { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' }],
  ['deployment', '/d/1', { viewport: { width: 1280, height: 860 }, colorScheme: 'light' }],
  ['phone', '/c/deployments', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }],
  ['phone-thread', '/c/deployments', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }],
];
for (const [name, path, options] of shots) {
  const ana = await Person.at(bot, 'Ana', { ...options, path });
  
  if (name === 'phone-thread') {
    await ana.page.locator('[data-open-thread]:visible').first().click();
    await ana.page.waitForSelector('[data-thread-list] [data-item]:visible');
  }
  // The board under the head, as somebody reads it who wants to know where things are.
  if (name !== 'phone-thread' && path.startsWith('/c/')) {
    await ana.page.evaluate(() => scrollTo(0, document.querySelector('[data-what=board]').getBoundingClientRect().top + scrollY - 120));
  }
  await ana.page.waitForTimeout(300);
  await ana.page.screenshot({ path: join(docs, `${name}.png`), animations: 'disabled' });
  console.log(`docs/${name}.png`);
  await ana.leave();
}
await bot.end();
await closeAll();
