import type { Mail } from './mailer.ts';

/** The content of a message: paragraphs and at most one link. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly link: { readonly label: string; readonly url: string } | null;
  /** Paragraphs after the link: how long it is valid, what to do if you did not ask for it. */
  readonly closing: readonly string[];
}

const SUBJECT_LENGTH_MAX = 200;

/** Renders a letter as plain text and as simple HTML with the same content. In the HTML, names that people chose are escaped. */
export function renderLetter({ to, subject, paragraphs, link, closing }: Letter): Mail {
  const oneLine = subject.replaceAll(/\s+/g, ' ').slice(0, SUBJECT_LENGTH_MAX);
  const linked = link === null ? [] : [`${link.label}:\n${link.url}`];
  const text = [...paragraphs, ...linked, ...closing].join('\n\n');
  const html = [
    '<!doctype html><html><body style="font-family:system-ui,sans-serif;font-size:15px;line-height:1.5">',
    ...paragraphs.map(paragraph),
    ...(link === null ? [] : anchor(link)),
    ...closing.map(paragraph),
    '</body></html>',
  ].join('\n');
  return { to, subject: oneLine, text: `${text}\n`, html };
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
