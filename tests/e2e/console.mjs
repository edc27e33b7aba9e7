// The console as people meet it: first visit, keyboard, phone, dark, two at once, and a bot that dies meanwhile.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { Bot, closeAll, eventually, pause, Person, windows } from './lib.mjs';

after(closeAll);

const PAGE = `---
title: Shop release
---
# Shop release

## Before

- [ ] Backup taken
- [ ] Notes written (optional)
- [ ] Window agreed

## Deploy

- [ ] Image pushed

  \`\`\`bash
  ./push.sh v1 --with a-very-long-option-that-does-not-fit-on-a-phone --and another-one-just-as-long
  \`\`\`
- [ ] Pods rolled
  - [ ] First half
  - [ ] Second half

## After success

- [ ] Maintenance page off
`;

const shop = (front = '') => Bot.start({ pages: { 'shop.md': PAGE.replace('title: Shop release\n', `title: Shop release\n${front}`) } });

/** A scenario with a bot of its own. */
function scenario(name, make, tell) {
  test(name, { timeout: 120_000 }, async (t) => {
    const bot = await make();
    await tell(bot, t);
    await bot.end();
  });
}

const ITEMS = '[data-thread-list] [data-item]:visible';

async function started(bot, ...names) {
  const people = await windows(bot, ...names);
  const answer = await people[0].say('/deploy start v1.2.0');
  assert.ok(answer.ok, answer.text);
  for (const who of people) await who.page.waitForSelector(ITEMS);
  return people;
}

scenario('a first visit asks who is there, shows what to do, and starts from one line', () => Bot.start(), async (bot) => {
  const ana = await Person.at(bot, null);
  await ana.page.waitForSelector('[data-dialog=who][open]');
  assert.equal(await ana.page.evaluate(() => document.activeElement.id), 'who-name');
  // A name that cannot be one is refused with a sentence.
  await ana.page.fill('#who-name', '...');
  await ana.page.keyboard.press('Enter');
  await eventually('the refusal', async () => /letter or digit/.test(await ana.page.locator('[data-dialog=who] [data-error]').innerText()));
  await ana.page.fill('#who-name', 'Ana');
  await ana.page.keyboard.press('Enter');
  await ana.page.waitForSelector('[data-dialog=who]:not([open])', { state: 'attached' });
  await ana.live();
  assert.match(await ana.page.locator('[data-who]').innerText(), /Ana/);
  // The empty state offers the line and puts it below without saying it.
  await ana.page.locator('[data-empty] button', { hasText: 'start v1.2.0' }).first().click();
  assert.equal(await ana.page.inputValue('#say'), '/deploy start v1.2.0');
  assert.equal(await ana.page.locator('[data-post]').count(), 0);
  // Where a checklist must be chosen there is a picker; its choice starts.
  await ana.say('/deploy start v1.2.0');
  const choices = ana.answer.locator('.choices button');
  assert.equal(await choices.count(), 5);
  let answer = await ana.press(choices.filter({ hasText: 'Production' }).first());
  if (!answer.ok) answer = await ana.press(ana.answer.locator('.choices button').first());
  assert.ok(answer.ok, answer.text);
  await ana.seesPost('/start@');
  assert.equal(await ana.page.locator('[data-empty]').count(), 0);
  // The name stays over a reload.
  await ana.page.reload();
  await ana.live();
  assert.equal(await ana.page.locator('[data-dialog=who][open]').count(), 0);
  await ana.leave({ allow: /400/ });
});

scenario('the line at the bottom completes by keyboard, and remembers', shop, async (bot) => {
  const [ana] = await started(bot, 'Ana');
  const { page } = ana;
  await page.focus('#say');
  await page.keyboard.type('/deploy ti');
  await page.waitForSelector('[data-completion="tick"], [data-completion^="tick"]');
  await page.keyboard.press('ArrowDown');
  const picked = await page.getAttribute('#say', 'aria-activedescendant');
  assert.equal(await page.getAttribute(`#${picked}`, 'aria-selected'), 'true');
  await page.keyboard.press('Enter');
  assert.match(await page.inputValue('#say'), /tick $/);
  // Items that are open are offered next.
  await page.waitForSelector('[data-completion^="1.1"]');
  await page.keyboard.press('Tab');
  assert.match(await page.inputValue('#say'), /tick 1\.1 $/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await ana.sees('1.1', 'ticked');
  await eventually('the line is empty', async () => (await page.inputValue('#say')) === '');
  await page.keyboard.press('ArrowUp');
  assert.match(await page.inputValue('#say'), /tick 1\.1/);
  await ana.leave();
});

scenario('a wrong word is answered to whoever typed it, with the nearest one, and can be dismissed', shop, async (bot) => {
  const [ana, ben] = await started(bot, 'Ana', 'Ben');
  const answer = await ana.say('/deploy tikc 1.1');
  assert.equal(answer.ok, false);
  assert.match(answer.text, /tick/);
  await ana.page.waitForSelector('[data-ephemeral] [data-reply=refused]');
  assert.match(await ana.answer.innerText(), /Only you see this/);
  await pause(300);
  assert.equal(await ben.page.locator('[data-ephemeral]').count(), 0);
  await ana.answer.locator('[data-dismiss]').click();
  await ana.page.waitForSelector('[data-ephemeral]', { state: 'detached' });
  assert.equal(await ana.page.evaluate(() => document.activeElement.id), 'say');
  await ana.leave();
  await ben.leave();
});

scenario('questions are asked where a reason is needed', shop, async (bot) => {
  const [ana, ben] = await started(bot, 'Ana', 'Ben');
  await ana.choose('1.1', 'Skip', 'restored yesterday');
  await ben.sees('1.1', 'skipped');
  assert.match(await ben.item('1.1').innerText(), /restored yesterday/);
  const { page } = ana;
  await (await ana.board('Hold')).click();
  await page.waitForSelector('[data-dialog=ask][open]');
  // Left with Escape, nothing is said.
  await page.keyboard.press('Escape');
  await page.waitForSelector('[data-dialog=ask]:not([open])', { state: 'attached' });
  assert.equal((await bot.record()).status, 'active');
  await (await ana.board('Hold')).click();
  await ana.dialog('waiting for the vendor');
  assert.match(await ben.seesPost('/hold@'), /waiting for the vendor/);
  const refused = await ben.say('tick 1.3');
  assert.equal(refused.ok, false);
  assert.match(refused.text, /hold/i);
  await ben.press(await ben.board('Resume'));
  await ana.seesPost('/resume@');
  await ana.leave();
  await ben.leave();
});

scenario('two people press the same item at once: one ticks, the other is told', shop, async (bot) => {
  const [ana, ben] = await started(bot, 'Ana', 'Ben');
  // Whoever comes second is told, or presses a button that has only just become Untick, which does nothing.
  await Promise.all([ana, ben].map((person) => person.item('1.1').locator('.check').click()));
  await ana.sees('1.1', 'ticked');
  await ben.sees('1.1', 'ticked');
  const record = await bot.record();
  assert.ok(record.timeline.some((l) => /Ticked 1\.1/.test(l.text)), 'the tick is on the record');
  // By words there is no doubt.
  const words = await Promise.all([ana.say('tick 1.3'), ben.say('tick 1.3')]);
  assert.equal(words.filter((a) => a.ok).length, 1);
  assert.match(words.find((a) => !a.ok).text, /already/i);
  await ana.leave();
  await ben.leave();
});

scenario('a change shows in the other window within a second', shop, async (bot) => {
  const [ana, ben] = await started(bot, 'Ana', 'Ben');
  const measures = [];
  for (let i = 0; i < 6; i += 1) {
    const tick = i % 2 === 0;
    const began = performance.now();
    const [answer] = await Promise.all([ana.say(tick ? 'tick 2.1' : 'untick 2.1'), ben.sees('1.1', 'open')]);
    assert.ok(answer.ok, answer.text);
    await eventually('the deployment has it', async () => (await ben.page.locator('[data-what=board]').innerText()).includes(tick ? '1 / ' : '0 / '), 5_000);
    measures.push(performance.now() - began);
  }
  measures.sort((a, b) => a - b);
  assert.ok(measures[3] < 1000, `${measures.map(Math.round)}`);
  await ana.leave();
  await ben.leave();
});

scenario('a button that has just become another one takes no press before it was seen', shop, async (bot) => {
  const [ana] = await started(bot, 'Ana');
  await (await ana.board('Next')).waitFor();
  // What stood where Roll back stands a moment later is pressed by somebody who could not know.
  const pressed = ana.page.evaluate(() => new Promise((done) => {
    new MutationObserver((_, watch) => {
      const finish = [...document.querySelectorAll('[data-what=board] .card-buttons button')].find((b) => b.textContent === 'Finish');
      if (!finish) return;
      watch.disconnect();
      finish.click();
      done();
    }).observe(document.querySelector('[data-feed]'), { subtree: true, childList: true, characterData: true });
  }));
  await bot.say('tick 1', 'Ben');
  await bot.say('tick 2', 'Ben');
  await pressed;
  await ana.page.waitForSelector('[data-toast]');
  assert.equal(await ana.page.locator('[data-dialog=ask][open]').count(), 0);
  await (await ana.board('Finish')).click();
  assert.ok((await ana.dialog()).ok);
  await ana.seesPost('/success@');
  await ana.leave();
});

scenario('progress is posted by itself on its schedule', () => shop('progress: "*/3 * * * * *"\n'), async (bot) => {
  const [ana] = await started(bot, 'Ana');
  await ana.click('1.1');
  await eventually('a post says what was done since the last', async () =>
    (await ana.page.locator('[data-post*="/progress@"]').allInnerTexts()).some((text) => /1 ticked \(Ana/.test(text)), 8_000);
  await eventually('another one', async () => (await ana.page.locator('[data-post*="/progress@"]').count()) >= 2, 8_000);
  await ana.leave();
});

scenario('the bot is killed and comes back: the page reconnects, and everything is there', shop, async (bot) => {
  const [ana, ben] = await started(bot, 'Ana', 'Ben');
  assert.ok((await ana.click('1.1')).ok);
  await ben.sees('1.1', 'ticked');
  await bot.kill();
  await ben.page.waitForSelector('[data-live=off]', { timeout: 15_000 });
  // Pressed while it is down, a tick waits and is not lost.
  const waiting = ana.item('1.3').locator('.check');
  await waiting.click();
  await ana.page.waitForSelector('[data-item="1.3"] [data-busy=waiting]');
  await bot.up();
  await ben.live();
  await ana.live();
  await ana.sees('1.3', 'ticked', 15_000);
  await ben.sees('1.3', 'ticked');
  await ben.sees('1.1', 'ticked');
  const record = await bot.record();
  assert.equal(record.timeline.filter((l) => /1\.3/.test(l.text)).length, 1, 'ticked once');
  // A second one on the same data is refused, with a sentence.
  await assert.rejects(bot.terminal('serve', '--listen', '127.0.0.1:0'), /Another Rollcall is running/);
  const down = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|Failed to load/;
  await ana.leave({ allow: down });
  await ben.leave({ allow: down });
});

scenario("the deployment's page and the list follow what happens", shop, async (bot) => {
  const [ana, ben] = await started(bot, 'Ana', 'Ben');
  const cleo = await Person.at(bot, 'Cleo', { path: '/deployments' });
  await ben.go('/d/1');
  await ana.click('1.1');
  await ben.sees('1.1', 'ticked');
  await ben.page.waitForSelector('[data-seq] >> text=Backup taken');
  await ben.page.waitForSelector('[data-person="Ana"]');
  // What is said on a deployment's page is about that deployment, and can be clicked there, too.
  assert.ok((await ben.say('note seen from here')).ok);
  await ben.page.waitForSelector('[data-seq] >> text=seen from here');
  assert.ok((await ben.click('1.3')).ok);
  await ana.sees('1.3', 'ticked');
  assert.equal(await cleo.page.locator('li[data-deployment="1"]').count(), 1);
  await ana.say('cancel enough seen');
  await cleo.page.waitForSelector('section:has(#past-title) li[data-deployment="1"]');
  for (const who of [ana, ben, cleo]) await who.leave();
});

scenario('by keyboard alone: into the thread, tick, out again', shop, async (bot) => {
  const [ana] = await started(bot, 'Ana');
  const { page } = ana;
  const label = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent || '');
  await page.evaluate(() => document.body.focus());
  let steps = 0;
  while (!/^1\.1 /.test(await label())) {
    await page.keyboard.press('Tab');
    steps += 1;
    assert.ok(steps < 60, 'the first item is reached by Tab');
  }
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'checkbox');
  const outlined = await page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  });
  assert.ok(outlined, 'focus is visible');
  await page.keyboard.press('Space');
  await ana.sees('1.1', 'ticked');
  await eventually('the box says so to a screen reader', async () =>
    (await page.evaluate(() => document.activeElement.getAttribute('aria-checked'))) === 'true');
  assert.match(await label(), /^1\.1 /, 'focus stays where it was');
  // `/` leads to the line, Escape closes the thread.
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'say');
  assert.equal(await page.inputValue('#say'), '/deploy ');
  await ana.leave();
});

scenario('on a phone nothing is wider than the screen, and the thread opens and closes', shop, async (bot) => {
  const options = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  await bot.say('start v1.2.0-with-a-long-name-that-never-ends-and-has-no-spaces-anywhere-in-it');
  await bot.say('fail 1.1 the error budget is spent: https://example.com/a/very/long/address/that/nobody/can/break');
  const ana = await Person.at(bot, 'Ana', options);
  const { page } = ana;
  const fits = async (where) => {
    const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= screen, `${where}: ${content} px on a screen of ${screen}`);
  };
  await page.waitForSelector('[data-open-thread]:visible');
  await fits('the channel');
  await page.locator('[data-open-thread]:visible').first().click();
  await page.waitForSelector(ITEMS);
  await fits('the thread');
  const target = await ana.item('1.3').locator('.check').boundingBox();
  assert.ok(target.width >= 24 && target.height >= 24, `a finger hits it: ${target.width}×${target.height}`);
  await ana.item('1.3').locator('.check').tap();
  await ana.sees('1.3', 'ticked');
  await page.locator('[data-close-thread]:visible').tap();
  await page.waitForSelector('[data-thread]:visible', { state: 'hidden' });
  for (const path of ['/d/1', '/deployments']) {
    await ana.go(path);
    await fits(path);
  }
  await ana.leave();
});

scenario('light and dark, nothing stands in the way of those who see or hear otherwise', shop, async (bot, t) => {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await bot.say('start v1.2.0');
  await bot.say('tick 1.1');
  await bot.say('fail 1.3 vendor is late', 'Ben');
  const shades = {};
  for (const colorScheme of ['light', 'dark']) {
    const ana = await Person.at(bot, 'Ana', { colorScheme });
    for (const path of ['/c/deployments', '/d/1', '/deployments']) {
      await ana.go(path);
      if (path.startsWith('/c/')) await ana.page.waitForSelector(ITEMS);
      shades[colorScheme] = await ana.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      // The page's own policy keeps foreign scripts out: axe comes in through the debugger, not through the page.
      await ana.page.evaluate(axe);
      const { violations } = await ana.page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
      for (const v of violations) t.diagnostic(`${colorScheme} ${path}: ${v.impact} ${v.id} ${v.nodes[0].target}`);
      assert.deepEqual(serious.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target).join(' ')}`), [], `${colorScheme} ${path}`);
    }
    await ana.leave();
  }
  const bright = (color) => color.match(/\d+/g).slice(0, 3).reduce((sum, n) => sum + Number(n), 0);
  assert.ok(bright(shades.light) > 600 && bright(shades.dark) < 200, JSON.stringify(shades));
});

scenario('the policy is strict, and no page trips over it', shop, async (bot) => {
  const policy = (await fetch(`${bot.url}/c/deployments`)).headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  const [ana] = await started(bot, 'Ana');
  // What people type stays text in every place it is shown.
  const evil = '<img src=x onerror=alert(1)> **bold** [x](javascript:alert(1)) @everyone';
  assert.ok((await ana.say(`hold ${evil}`)).ok);
  assert.match(await ana.seesPost('/hold@'), /<img src=x onerror=alert\(1\)>/);
  for (const path of ['/c/deployments', '/d/1', '/deployments']) {
    await ana.go(path);
    assert.equal(await ana.page.locator('main img, main script, main a[href^="javascript"]').count(), 0);
    assert.equal(await ana.page.locator('body [style], body [onclick]').count(), 0);
  }
  await ana.leave();
});
