import type { Mail } from './mailer.ts';

/** Rows under headings. The cells of the first column are texts, all others are numbers. */
export interface LetterTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The content of a message: paragraphs, at most one table and at most one link. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly paragraphs: readonly string[];
  /** A table after the paragraphs. */
  readonly table?: LetterTable | undefined;
  readonly link: { readonly label: string; readonly url: string } | null;
  /** Paragraphs after the link: how long it is valid, what to do if you did not ask for it. */
  readonly closing: readonly string[];
}

const SUBJECT_LENGTH_MAX = 200;

/** Renders a letter as plain text and as simple HTML with the same content. In the HTML, names that people chose are escaped. */
export function renderLetter({ to, subject, paragraphs, table, link, closing }: Letter): Mail {
  const oneLine = subject.replaceAll(/\s+/g, ' ').slice(0, SUBJECT_LENGTH_MAX);
  const linked = link === null ? [] : [`${link.label}:\n${link.url}`];
  const rows = table === undefined ? [] : [[table.head, ...table.rows].map((row) => row.join(' | ')).join('\n')];
  const text = [...paragraphs, ...rows, ...linked, ...closing].join('\n\n');
  const html = [
    '<!doctype html><html><body style="font-family:system-ui,sans-serif;font-size:15px;line-height:1.5">',
    ...paragraphs.map(paragraph),
    ...(table === undefined ? [] : tableLines(table)),
    ...(link === null ? [] : anchor(link)),
    ...closing.map(paragraph),
    '</body></html>',
  ].join('\n');
  return { to, subject: oneLine, text: `${text}\n`, html };
}

function tableLines({ head, rows }: LetterTable): readonly string[] {
  const cell = (tag: 'th' | 'td', text: string, at: number) =>
    `<${tag} style="text-align:${at === 0 ? 'left' : 'right'};padding:2px 12px 2px 0">${escaped(text)}</${tag}>`;
  const line = (tag: 'th' | 'td', row: readonly string[]) => `<tr>${row.map((text, at) => cell(tag, text, at)).join('')}</tr>`;
  return ['<table>', line('th', head), ...rows.map((row) => line('td', row)), '</table>'];
}

function anchor({ label, url }: { readonly label: string; readonly url: string }): readonly string[] {
  return [`<p><a href="${escaped(url)}">${escaped(label)}</a></p>`, `<p style="word-break:break-all">${escaped(url)}</p>`];
}

function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
