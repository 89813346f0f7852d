// A list of any length, of which only the rows that can be seen are in the document.

import { el } from './dom.js';

const SPARE = 8;

/**
 * Rows of one height, in a listbox that the keyboard moves in. `draw(row, item, at)` fills a row,
 * `choose(item)` is called for the one that is selected. While its end is seen, it follows the end.
 */
export class VirtualList {
  #items = [];
  #rows = [];
  #planned = false;
  #follows = true;
  #chosen = null;

  constructor({ label, height = 26, draw, choose }) {
    this.height = height;
    this.draw = draw;
    this.choose = choose;
    this.space = el('div.space');
    this.node = el(
      'div.virtual',
      { role: 'listbox', tabIndex: 0, 'aria-label': label },
      this.space,
    );
    this.node.addEventListener('scroll', () => {
      this.#follows =
        this.node.scrollTop + this.node.clientHeight >= this.node.scrollHeight - height;
      this.#plan();
    });
    this.node.addEventListener('click', (event) => {
      const row = event.target.closest('.row');
      if (row) this.#select(Number(row.dataset.at));
    });
    this.node.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#plan()).observe(this.node);
  }

  /** Show these items. */
  show(items) {
    this.#items = items;
    this.space.style.height = `${items.length * this.height}px`;
    if (this.#follows) this.node.scrollTop = this.node.scrollHeight;
    this.#plan();
  }

  get chosen() {
    return this.#chosen;
  }

  /** Select an item, and have it seen. */
  reveal(item) {
    const at = this.#items.indexOf(item);
    if (at >= 0) this.#select(at);
  }

  clear() {
    this.#chosen = null;
    this.#plan();
  }

  #plan() {
    if (this.#planned) return;
    this.#planned = true;
    requestAnimationFrame(() => {
      this.#planned = false;
      this.#paint();
    });
  }

  #paint() {
    const { scrollTop, clientHeight } = this.node;
    const first = Math.max(0, Math.floor(scrollTop / this.height) - SPARE);
    const last = Math.min(
      this.#items.length,
      Math.ceil((scrollTop + clientHeight) / this.height) + SPARE,
    );
    const count = Math.max(0, last - first);
    while (this.#rows.length < count) {
      const row = el('div.row', { role: 'option' });
      this.#rows.push(row);
      this.space.append(row);
    }
    let active = '';
    this.#rows.forEach((row, number) => {
      const at = first + number;
      row.hidden = number >= count;
      if (row.hidden) return;
      const item = this.#items[at];
      row.style.transform = `translateY(${at * this.height}px)`;
      row.dataset.at = at;
      row.id = `${this.node.id || 'virtual'}-${at}`;
      row.setAttribute('aria-posinset', at + 1);
      row.setAttribute('aria-setsize', this.#items.length);
      row.setAttribute('aria-selected', item === this.#chosen);
      if (item === this.#chosen) active = row.id;
      this.draw(row, item, at);
    });
    this.node.setAttribute('aria-activedescendant', active);
  }

  #select(at) {
    const item = this.#items[at];
    if (item === undefined) return;
    this.#chosen = item;
    const top = at * this.height;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + this.height > this.node.scrollTop + this.node.clientHeight) {
      this.node.scrollTop = top + this.height - this.node.clientHeight;
    }
    this.#plan();
    this.choose(item);
  }

  #key(event) {
    const at = this.#items.indexOf(this.#chosen);
    const page = Math.max(1, Math.floor(this.node.clientHeight / this.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    const ends = { Home: 0, End: this.#items.length - 1 };
    let next = null;
    if (event.key in steps) next = at < 0 ? this.#items.length - 1 : at + steps[event.key];
    else if (event.key in ends) next = ends[event.key];
    if (next === null) return;
    event.preventDefault();
    this.#select(Math.max(0, Math.min(this.#items.length - 1, next)));
  }
}
