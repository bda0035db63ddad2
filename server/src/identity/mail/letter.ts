import type { Mail } from './mailer.ts';

/** What a message says: paragraphs and one link. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly link: { readonly label: string; readonly url: string };
  /** What follows the link: how long it holds, what to do when nobody asked for it. */
  readonly closing: readonly string[];
}

const SUBJECT_LENGTH_MAX = 200;

/** A letter as plain text and as simple HTML that says the same. Names that people chose stay text in both. */
export function renderLetter({ to, subject, paragraphs, link, closing }: Letter): Mail {
  const oneLine = subject.replaceAll(/\s+/g, ' ').slice(0, SUBJECT_LENGTH_MAX);
  const text = [...paragraphs, `${link.label}:\n${link.url}`, ...closing].join('\n\n');
  const html = [
    '<!doctype html><html><body style="font-family:system-ui,sans-serif;font-size:15px;line-height:1.5">',
    ...paragraphs.map(paragraph),
    `<p><a href="${escaped(link.url)}">${escaped(link.label)}</a></p>`,
    `<p style="word-break:break-all">${escaped(link.url)}</p>`,
    ...closing.map(paragraph),
    '</body></html>',
  ].join('\n');
  return { to, subject: oneLine, text: `${text}\n`, html };
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
