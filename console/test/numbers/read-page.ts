/** Reads numbers off a page, as a person sees them. */
import type { Page } from '@playwright/test';

/** The texts of the cells of a table, row by row; a cell's own number alone, without the badges and links beside it. */
export async function cellsOf(page: Page, selector: string): Promise<readonly (readonly string[])[]> {
  return page.evaluate((of) => {
    const textOf = (cell: Element) => (cell.querySelector('bdi') ?? cell).textContent?.replace(/\s+/g, ' ').trim() ?? '';
    const rows = [...(document.querySelector(of)?.querySelectorAll('tbody tr, tfoot tr') ?? [])];
    return rows.map((row) => [...row.querySelectorAll('td, th')].map(textOf));
  }, selector);
}

/** The names and values of the figures on a page, without the notes below them. */
export async function figuresOf(page: Page): Promise<Readonly<Record<string, string>>> {
  return page.evaluate(() => {
    const pairs = [...document.querySelectorAll('main dl > div')].map((figure) => {
      const value = figure.querySelector('dd')?.firstChild;
      return [figure.querySelector('dt')?.textContent ?? '', value?.textContent?.trim() ?? ''];
    });
    return Object.fromEntries(pairs) as Record<string, string>;
  });
}

/** The rows of a ranking in a section: its name, and the rest of its text. */
export async function rankingOf(page: Page, section: string): Promise<readonly (readonly [string, string])[]> {
  return page.evaluate((title) => {
    const bars = [...document.querySelectorAll(`section[aria-label="${title}"] [role="progressbar"]`)];
    return bars.map((bar) => {
      const row = bar.parentElement?.parentElement?.querySelector(':scope > *:first-child') ?? bar;
      const [name, ...rest] = [...row.children].map((one) => one.textContent?.replace(/\s+/g, ' ').trim() ?? '');
      return [name ?? '', rest.join(' ')] as const;
    });
  }, section);
}
