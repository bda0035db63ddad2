import type { Gateway } from '../gateway.ts';
import type { Admission } from '../walk.ts';
import { toBackground } from './background.ts';
import type { StoredSide } from './continued.ts';
import { KeptFirstReply } from './kept-first-reply.ts';

/** Puts another reply in the place of the client's: for a response in the background, and for one that adds to a conversation. */
export async function detach(admission: Admission, side: StoredSide, gateway: Gateway): Promise<void> {
  if (side.isBackground) await toBackground(admission, side, gateway);
  else admission.walk.reply = new KeptFirstReply(admission.walk.reply, side, gateway);
}
