import { type ChatEventOptions, chatEventReader } from './chat-events.ts';
import type { EventReader } from './passing-stream.ts';
import { stringLengths } from './scan.ts';

/** Reads the events of a text completion alongside their bytes. They are those of a chat, but for the place of the text. */
export function completionEventReader(options: ChatEventOptions): EventReader {
  const { read, facts } = chatEventReader(options);
  return {
    facts,
    read(events) {
      facts.outputBytes += stringLengths(events.toString('latin1'), '"text"');
      return read(events);
    },
  };
}
