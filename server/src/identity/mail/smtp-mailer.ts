import { createTransport } from 'nodemailer';
import type { Mail, Mailer, Sent } from './mailer.ts';

export interface SmtpOptions {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  readonly url: string;
  readonly from: string;
  /** The timeout for one message in milliseconds, from connecting to the server's answer; 10 s by default. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/** Sends mail to an SMTP server. It uses STARTTLS if the server offers it. A certificate that does not match is a failure. */
export function createSmtpMailer({ url, from, timeoutMs = TIMEOUT_MS }: SmtpOptions): Mailer {
  const transport = createTransport(
    { url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, dnsTimeout: timeoutMs },
    // No field of a message may name a file or address whose content would be sent with it.
    { from, disableFileAccess: true, disableUrlAccess: true },
  );
  return {
    configured: true,
    send: (mail) => within(timeoutMs, handOver(transport, mail)),
  };
}

async function handOver(transport: ReturnType<typeof createTransport>, { attachment, ...mail }: Mail): Promise<Sent> {
  const file = attachment && { filename: attachment.fileName, contentType: attachment.type, content: attachment.content };
  try {
    // As an object the address is always one recipient: a comma in it cannot begin a second one.
    await transport.sendMail({ ...mail, to: { name: '', address: mail.to }, ...(file && { attachments: [file] }) });
    return { is: 'sent' };
  } catch (error) {
    return { is: 'failed', reason: reasonOf(error) };
  }
}

/** Returns a code such as ECONNREFUSED or EAUTH and the server's status. The error's text could repeat what was sent. */
function reasonOf(error: unknown): string {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  const status = typeof responseCode === 'number' ? `, the server answered ${responseCode}` : '';
  return `${typeof code === 'string' ? code : 'unknown failure'}${status}`;
}

/** Limits the whole message; the library's timeouts limit each step. */
async function within(ms: number, sending: Promise<Sent>): Promise<Sent> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Sent>((resolve) => {
    timer = setTimeout(() => resolve({ is: 'failed', reason: `the mail server did not answer within ${ms} ms` }), ms);
  });
  try {
    return await Promise.race([sending, late]);
  } finally {
    clearTimeout(timer);
  }
}
