// Drives Debian's Chromium for the journeys: one JSON command a line on stdin, one JSON answer a line on stdout.
//
//   {"id":7,"do":"goto","page":"p1","url":"https://localhost:8443/login"}
//   {"id":7,"ok":true,"value":{"status":200,"url":"https://localhost:8443/login"}}
//
// Commands of different pages may overlap; answers carry the id of their command. A page has a context of its own
// (cookies, colours, zoom). The page's Content-Security-Policy stays on: nothing is injected through the document.

import { createInterface } from 'node:readline';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.COUNTERSIGN_CHROMIUM ?? '/usr/bin/chromium';
const PATIENCE_MS = 60_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
  // The same picture on every machine.
  '--font-render-hinting=none', '--disable-font-subpixel-positioning', '--disable-lcd-text',
  '--force-color-profile=srgb', '--hide-scrollbars',
];

const browser = await chromium.launch({
  executablePath: EXECUTABLE,
  headless: true,
  args: ARGUMENTS,
  env: { ...process.env, FONTCONFIG_FILE: fileURLToPath(new URL('fonts.conf', import.meta.url)) },
});

const pages = new Map();
let opened = 0;

const commands = {
  // Options: width, height (as a person's window), zoom, text_scale, scheme, rtl, scripts, now (Unix seconds),
  // with (a page whose cookies are shared).
  async open(o) {
    const zoom = o.zoom ?? 1;
    const context = o.with ? held(o.with).context : await browser.newContext({
      viewport: { width: Math.round((o.width ?? 1024) / zoom), height: Math.round((o.height ?? 768) / zoom) },
      deviceScaleFactor: zoom,
      colorScheme: o.scheme ?? 'light',
      reducedMotion: 'reduce',
      javaScriptEnabled: o.scripts ?? true,
      ignoreHTTPSErrors: true,
      locale: 'en-GB',
      timezoneId: 'UTC',
    });
    context.setDefaultTimeout(o.timeout ?? PATIENCE_MS);
    const page = await context.newPage();
    if (o.now !== undefined) await page.clock.setFixedTime(o.now * 1000);
    const name = `p${++opened}`;
    const entry = {
      page, context, zoom, scripts: o.scripts ?? true,
      look: { rtl: o.rtl ?? false, scale: o.text_scale ?? 1 }, console: [], trouble: [],
    };
    page.on('console', (message) => {
      const line = `${message.type()}: ${message.text()}`;
      entry.console.push(line);
      if (/Content.Security.Policy/i.test(line)) entry.trouble.push(line);
    });
    page.on('pageerror', (fault) => entry.trouble.push(`script: ${fault.message}`));
    page.on('crash', () => entry.trouble.push('the page crashed'));
    page.on('dialog', (dialog) => { entry.trouble.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    page.on('domcontentloaded', () => dress(entry).catch(() => {}));
    pages.set(name, entry);
    return name;
  },
  async goto(o) {
    const entry = held(o.page);
    const response = await entry.page.goto(o.url, { waitUntil: 'load' });
    await dress(entry);
    return { status: response?.status() ?? 0, url: entry.page.url(), headers: response ? await response.allHeaders() : {} };
  },
  // The person sets up window and eyes anew.
  async look(o) {
    const entry = held(o.page);
    entry.look = { rtl: o.rtl, scale: o.text_scale };
    await entry.page.emulateMedia({ colorScheme: o.scheme, forcedColors: o.forced ? 'active' : 'none' });
    await entry.page.setViewportSize({ width: Math.round(o.width / entry.zoom), height: Math.round(o.height / entry.zoom) });
    await entry.page.evaluate(({ rtl, scale }) => {
      document.documentElement.dir = rtl ? 'rtl' : 'ltr';
      document.documentElement.style.fontSize = `${scale * 100}%`;
    }, entry.look);
  },
  async reload(o) { const entry = held(o.page); await entry.page.reload({ waitUntil: 'load' }); await dress(entry); },
  async back(o) { const entry = held(o.page); await entry.page.goBack({ waitUntil: 'load' }); await dress(entry); },
  fill: (o) => one(o).fill(o.text),
  click: (o) => one(o).click(),
  check: (o) => one(o).check(),
  choose: (o) => one(o).selectOption(o.text),
  upload: (o) => one(o).setInputFiles(o.path),
  press: (o) => (o.target ? one(o).press(o.key) : held(o.page).page.keyboard.press(o.key)),
  type: (o) => held(o.page).page.keyboard.type(o.text),
  text: (o) => one(o).innerText(),
  texts: (o) => found(o).allInnerTexts(),
  value: (o) => one(o).inputValue(),
  attribute: (o) => one(o).getAttribute(o.name),
  count: (o) => found(o).count(),
  visible: (o) => one(o).isVisible(),
  box: (o) => one(o).boundingBox(),
  wait: (o) => one(o).waitFor({ state: o.state ?? 'visible', timeout: o.timeout ?? PATIENCE_MS }),
  wait_url: (o) => held(o.page).page.waitForURL((url) => url.href.includes(o.part), { timeout: o.timeout ?? PATIENCE_MS }),
  url: (o) => held(o.page).page.url(),
  title: (o) => held(o.page).page.title(),
  source: (o) => held(o.page).page.content(),
  focused: (o) => held(o.page).page.evaluate(() => {
    const it = document.activeElement;
    return it && it !== document.body ? it.id || it.getAttribute('name') || it.innerText || it.tagName : '';
  }),
  evaluate: (o) => held(o.page).page.evaluate(o.expression),
  // Taken by the debugging protocol: the driver's own way puts a style element into the page, which CSP rightly refuses.
  async screenshot(o) {
    const { page, context, zoom, scripts } = held(o.page);
    const box = o.target ? await one(o).boundingBox() : null;
    await page.evaluate(async () => {
      if (document.activeElement instanceof HTMLElement) document.activeElement.style.caretColor = 'transparent';
      await document.fonts.ready;
    });
    const window = page.viewportSize();
    const session = await context.newCDPSession(page);
    try {
      const { cssContentSize, cssVisualViewport: view } = await session.send('Page.getLayoutMetrics');
      const whole = { x: 0, y: 0, width: view.clientWidth, height: Math.max(view.clientHeight, cssContentSize.height) };
      const moved = box && { ...box, x: box.x + view.pageX, y: box.y + view.pageY };
      // Chromium leaves what lies below the window unpainted now and then, so the window becomes as high as the page.
      const height = Math.ceil(whole.height);
      if (height > window.height) await page.setViewportSize({ width: window.width, height });
      await drawn(session, scripts);
      const picture = await session.send('Page.captureScreenshot', {
        format: 'png', clip: { ...(moved ?? whole), scale: zoom },
      });
      if (!o.path) return picture.data;
      writeFileSync(o.path, Buffer.from(picture.data, 'base64'));
      return null;
    } finally {
      // Where scripts were off they are to stay so.
      if (scripts) await session.detach();
      if (page.viewportSize().height !== window.height) await page.setViewportSize(window);
    }
  },
  version: () => browser.version(),
  cookies: (o) => held(o.page).context.cookies(),
  set_cookies: (o) => held(o.page).context.addCookies(o.cookies),
  clear_cookies: (o) => held(o.page).context.clearCookies(),
  console: (o) => held(o.page).console,
  trouble: (o) => held(o.page).trouble,
  // axe-core runs in a world of its own, put there by the debugging protocol: the document's policy does not concern it
  // and is not loosened for it. Where scripts are off they are on while it works, since it waits for timers; what the page
  // was drawn with is done by then, and none of its own scripts runs later.
  async axe(o) {
    const { page, context, scripts } = held(o.page);
    const session = await context.newCDPSession(page);
    const off = (value) => session.send('Emulation.setScriptExecutionDisabled', { value });
    try {
      // A session hears only of what it set itself.
      if (!scripts) { await off(true); await off(false); }
      const { frameTree } = await session.send('Page.getFrameTree');
      const world = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' });
      const run = async (expression) => {
        const done = await session.send('Runtime.evaluate', {
          contextId: world.executionContextId, expression, awaitPromise: true, returnByValue: true,
        });
        if (done.exceptionDetails) throw new Error(done.exceptionDetails.exception?.description ?? done.exceptionDetails.text);
        return done.result.value;
      };
      await run(`${AXE};undefined`);
      const report = await run(`axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify({
        rules: r.passes.length + r.violations.length + r.incomplete.length,
        violations: r.violations.map((v) => ({ rule: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map((n) => n.html) })),
      }))`);
      return JSON.parse(report);
    } finally {
      // Detaching would leave them on.
      if (scripts) await session.detach(); else await off(true);
    }
  },
  async close(o) {
    const entry = held(o.page);
    pages.delete(o.page);
    await entry.page.close();
    if (![...pages.values()].some((other) => other.context === entry.context)) await entry.context.close();
    return entry.trouble;
  },
};

function held(name) {
  const entry = pages.get(name);
  if (!entry) throw new Error(`no page ${name}`);
  return entry;
}

// {role, name} | {label} | {text} | {css}, the first match for what acts on one.
function found(o) {
  const { page } = held(o.page);
  const t = o.target;
  if (t.role) return page.getByRole(t.role, t.name === undefined ? {} : { name: t.name, exact: true });
  if (t.label) return page.getByLabel(t.label, { exact: true });
  if (t.text) return page.getByText(t.text);
  return page.locator(t.css);
}

const one = (o) => found(o).first();

// Right to left and large text, as a person's settings would have them; through the object model, which CSP allows.
async function dress({ page, look }) {
  if (!look.rtl && look.scale === 1) return;
  await page.evaluate(({ rtl, scale }) => {
    if (rtl) document.documentElement.dir = 'rtl';
    if (scale !== 1) document.documentElement.style.fontSize = `${scale * 100}%`;
  }, look);
}

// Waits until the page was drawn twice, or for two seconds where nothing is drawn. Where scripts are off they are on for that
// long: what draws the page is done by then.
async function drawn(session, scripts) {
  const off = (value) => session.send('Emulation.setScriptExecutionDisabled', { value });
  // A session hears only of what it set itself.
  if (!scripts) { await off(true); await off(false); }
  const expression = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))';
  const frames = session.send('Runtime.evaluate', { expression, awaitPromise: true }).catch(() => {});
  let patience;
  await Promise.race([frames, new Promise((done) => { patience = setTimeout(done, 2_000); })]);
  clearTimeout(patience);
  if (!scripts) await off(true);
}

function answer(id, rest) {
  process.stdout.write(`${JSON.stringify({ id, ...rest })}\n`);
}

for await (const line of createInterface({ input: process.stdin })) {
  if (!line.trim()) continue;
  const command = JSON.parse(line);
  Promise.resolve()
    .then(() => {
      const act = commands[command.do];
      if (!act) throw new Error(`no command ${command.do}`);
      return act(command);
    })
    .then((value) => answer(command.id, { ok: true, value: value ?? null }))
    .catch((fault) => answer(command.id, { ok: false, error: String(fault?.message ?? fault) }));
}
await browser.close();
process.exit(0);
