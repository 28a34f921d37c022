// Run by run.py in a page that holds reports in frames: measures each and tries it out.
'use strict';
const inside = (box, room) => box.x >= room.x - 0.5 && box.y >= room.y - 0.5 &&
  box.x + box.width <= room.x + room.width + 0.5 && box.y + box.height <= room.y + room.height + 0.5;
const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 &&
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;

// What sticks out of the page to the right, but for what scrolls by itself.
const overflowing = (doc, width) => [...doc.body.querySelectorAll('*')].filter(node => {
  const box = node.getBoundingClientRect();
  return box.width > 0 && box.right > width + 0.5 && !node.closest('.scroll, pre');
}).map(node => `${node.tagName} ${node.className.baseVal ?? node.className} to ` +
  node.getBoundingClientRect().right).slice(0, 5);

const texts = (svg, faults) => {
  const all = [...svg.querySelectorAll(':scope > text')];
  for (const text of all) {
    const box = text.getBBox();
    if (!inside(box, svg.viewBox.baseVal))
      faults.push(`"${text.textContent}" lies outside its picture: ${JSON.stringify(
        [box.x, box.y, box.width, box.height])}`);
  }
  const boxes = all.map(text => text.getBoundingClientRect());
  for (let i = 0; i < all.length; i++)
    for (let k = 0; k < i; k++)
      if (overlap(boxes[i], boxes[k]))
        faults.push(`"${all[k].textContent}" and "${all[i].textContent}" overlap`);
};

const press = (view, key, win) =>
  view.dispatchEvent(new win.KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));

// Keyboard, pointer and legend do what the page says they do.
const operate = (figure, win, faults) => {
  const view = figure.querySelector('.view'), value = figure.querySelector('.value');
  const rows = [...figure.querySelectorAll('tbody')].map(body => [...body.rows].slice(1)
    .map(row => [...row.cells].map(cell => cell.textContent.trim())));
  const drawn = rows.findIndex(list => list.some(row => isFinite(row[1])));
  if (view.tabIndex !== 0) faults.push('a chart is not reached by Tab');
  if (drawn < 0) return;
  for (const key of ['ArrowRight', 'End', 'ArrowLeft', 'Home', 'ArrowDown', 'ArrowUp']) {
    press(view, key, win);
    if (!/: \S+.* at \S/.test(value.textContent))
      faults.push(`${key}: the value reads "${value.textContent}"`);
  }
  press(view, 'Escape', win);
  if (value.textContent) faults.push('Escape leaves the value');
  const box = view.getBoundingClientRect();
  view.dispatchEvent(new win.PointerEvent('pointermove',
    {clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true}));
  if (!value.textContent) faults.push('no value under the pointer');
  const button = figure.querySelector('.legend button');
  const group = figure.querySelector('.view [data-series="0"]');
  button.click();
  const gone = win.getComputedStyle(group).display === 'none';
  if (!gone || button.getAttribute('aria-pressed') !== 'false')
    faults.push('the legend does not hide a series');
  button.click();
  if (win.getComputedStyle(group).display === 'none') faults.push('a series stays hidden');
};

const filters = (doc, win, faults) => {
  for (const kind of ['holds', 'violated', 'unmet', 'open']) {
    const box = doc.getElementById('show-' + kind);
    const row = doc.querySelector('.verdicts tr.' + kind);
    if (!box || !row) continue;
    box.click();
    if (win.getComputedStyle(row).display !== 'none') faults.push(`${kind} is not filtered`);
    box.click();
    if (win.getComputedStyle(row).display === 'none') faults.push(`${kind} stays filtered`);
  }
};

const measure = frame => {
  const win = frame.contentWindow, doc = frame.contentDocument, faults = [];
  frame.style.height = doc.documentElement.scrollHeight + 'px';
  const width = frame.clientWidth;
  if (doc.documentElement.scrollWidth > width)
    faults.push(`the page is ${doc.documentElement.scrollWidth} wide`);
  faults.push(...overflowing(doc, width));
  const charts = [...doc.querySelectorAll('figure.plot')].map(figure => {
    const svg = figure.querySelector('svg.chart');
    texts(svg, faults);
    operate(figure, win, faults);
    const [left, right, top, bottom] = svg.dataset.box.split(' ').map(Number);
    const box = svg.getBoundingClientRect(), at = frame.getBoundingClientRect();
    const unit = box.width / svg.viewBox.baseVal.width;
    const keys = [...figure.querySelectorAll('.legend button')].map(b => b.getBoundingClientRect());
    keys.forEach((a, i) => keys.slice(0, i).forEach(b => {
      if (overlap(a, b)) faults.push('legend entries overlap');
    }));
    return {title: figure.querySelector('h3').textContent,
      box: [at.left + box.left + left * unit + 2, at.left + box.left + right * unit - 1,
        at.top + box.top + top * unit + 1, at.top + box.top + bottom * unit - 2]};
  });
  filters(doc, win, faults);
  const font = Math.min(...[...doc.querySelectorAll('svg.chart')].map(svg =>
    11 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width));
  return {name: frame.name, faults, charts, font,
    paper: win.getComputedStyle(doc.body).backgroundColor,
    dark: win.matchMedia('(prefers-color-scheme: dark)').matches};
};

addEventListener('load', () => {
  const out = document.createElement('pre');
  try {
    const frames = [...document.querySelectorAll('iframe')];
    frames.forEach(frame => measure(frame)); // heights first: they move what comes after
    out.textContent = JSON.stringify(frames.map(measure));
  } catch (error) {
    out.textContent = JSON.stringify(String(error.stack));
  }
  out.id = 'result';
  document.body.append(out);
});
