// Light or dark: as the system has it, or as it was chosen here.

import { button } from './dom.js';

const KEY = 'inspector.theme';
const NAMES = { system: 'As the system', light: 'Light', dark: 'Dark' };

const chosen = () => localStorage.getItem(KEY) ?? 'system';

export const isDark = () =>
  chosen() === 'dark' ||
  (chosen() === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);

export function applyTheme() {
  if (chosen() === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen();
}

/** Goes from one to the next. */
export function themeSwitch() {
  const name = () => NAMES[chosen()];
  const made = button(
    '',
    () => {
      const names = Object.keys(NAMES);
      const next = names[(names.indexOf(chosen()) + 1) % names.length];
      localStorage.setItem(KEY, next);
      applyTheme();
      show();
      dispatchEvent(new Event('themechange'));
    },
    { class: 'icon' },
  );
  const show = () => {
    made.textContent = { system: '◐', light: '☀', dark: '☾' }[chosen()];
    made.title = `Theme: ${name()}`;
    made.setAttribute('aria-label', made.title);
  };
  show();
  return made;
}
