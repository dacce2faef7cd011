// Makes pages quicker to use; every page is complete without it.
'use strict';

// A form that is on its way leads to the next page: whatever a held request says then, loading this page anew would stop
// it, and lose the cookie that its answer brings.
let leaving = false;
document.addEventListener('submit', () => { leaving = true; });

// A page that waits holds a request until its state has another word. The answer says what to do: show a line and ask
// again, load the page anew, or send the form that takes an approval.
async function wait(place) {
  let state = place.dataset.state;
  let pause = 1000;
  for (;;) {
    try {
      const answer = await fetch(`${place.dataset.wait}?state=${encodeURIComponent(state)}`, { cache: 'no-store' });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      if (leaving) return;
      pause = 1000;
      state = told.state;
      const line = place.querySelector('[data-line]');
      if (line && told.line && line.textContent !== told.line) line.textContent = told.line;
      place.querySelector('.state')?.classList.toggle('warn', told.warn);
      if (told.then === 'finish') return document.getElementById('finish').submit();
      if (told.then === 'load') return location.reload();
    } catch {
      if (leaving) return;
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(2 * pause, 30000);
    }
  }
}

for (const place of document.querySelectorAll('[data-wait]')) wait(place);

// Calls with the seconds that are left, each second, and at last with none.
function countDown(seconds, tell) {
  const end = Date.now() + 1000 * seconds;
  const count = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left === 0) clearInterval(count);
    tell(left);
  }, 1000);
}

// «Send again» may be pressed after some seconds, which stand beside it.
for (const button of document.querySelectorAll('button[data-after]')) {
  const seconds = Number(button.dataset.after);
  if (seconds > 0) {
    const words = button.textContent;
    const tell = (left) => {
      button.disabled = left > 0;
      button.textContent = left > 0 ? `${words} (${button.dataset.unit.replace('{n}', String(left))})` : words;
    };
    tell(seconds);
    countDown(seconds, tell);
  }
}

// A time to wait is counted down, and then said to be over. Whoever cannot see the count is not told every second.
for (const place of document.querySelectorAll('[data-count]')) {
  const { one, unit, minutes } = place.dataset;
  countDown(Number(place.dataset.count), (left) => {
    const sentence = place.closest('[data-over]');
    if (left === 0) sentence.textContent = sentence.dataset.over;
    else if (left === 1) place.textContent = one;
    else if (left < 120) place.textContent = unit.replace('{n}', String(left));
    else place.textContent = minutes.replace('{n}', String(Math.ceil(left / 60)));
  });
}

// A time of today stands there by the person's own clock.
for (const time of document.querySelectorAll('time')) {
  const at = new Date(time.dateTime);
  time.textContent = [at.getHours(), at.getMinutes()].map((n) => String(n).padStart(2, '0')).join(':');
}

// Copying needs a script; where it cannot work the button stays hidden and the text can be selected.
for (const button of document.querySelectorAll('button[data-copy]')) {
  if (!navigator.clipboard) continue;
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; }, 3000);
  });
}

// A page whose only step is to go on goes on by itself.
for (const form of document.querySelectorAll('form[data-finish]')) form.submit();
