import type { Theme } from '../../specification/theme.js';

const darkness = window.matchMedia('(prefers-color-scheme: dark)');

/** Light or dark, as the reader's system is set. */
export const pageTheme = {
  current: (): Theme => (darkness.matches ? 'dark' : 'light'),
  onChange: (listener: () => void): void => darkness.addEventListener('change', listener),
};
