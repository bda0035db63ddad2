/** Sends mail to people: invitations and password resets. */
export interface Mailer {
  /** False: there is no server to hand mail to, `send` sends nothing, and links have to be shown. */
  readonly configured: boolean;
  /** Hands one message over. Never rejects and takes a bounded time: mail that fails must not fail what it tells of. */
  send(mail: Mail): Promise<Sent>;
}

export interface Mail {
  /** One address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Whether the server took it; if not, why in a sentence without a secret. */
export type Sent = { readonly is: 'sent' } | { readonly is: 'failed'; readonly reason: string };

/** Without a mail server. */
export const noMailer: Mailer = {
  configured: false,
  send: async () => ({ is: 'failed', reason: 'no mail server is configured' }),
};
