import type { MediaResult } from '../../../api/media/call-media.ts';
import { Categories } from './Categories.tsx';
import { Pictures } from './Pictures.tsx';
import { Ranking } from './Ranking.tsx';
import { Sound } from './Sound.tsx';
import { Transcript } from './Transcript.tsx';
import { Vectors } from './Vectors.tsx';

interface ResultProps {
  readonly result: MediaResult;
  /** The inputs that the answer is about. */
  readonly sent: Readonly<Record<string, unknown>>;
}

/** The answer to a call that is no conversation. */
export function ResultView({ result, sent }: ResultProps) {
  switch (result.kind.shows) {
    case 'vectors':
      return <Vectors answer={result.json} inputs={textsIn(sent.input)} />;
    case 'ranking':
      return <Ranking answer={result.json} documents={textsIn(sent.documents)} />;
    case 'categories':
      return <Categories answer={result.json} />;
    case 'pictures':
      return <Pictures answer={result.json} prompt={String(sent.prompt ?? '')} />;
    case 'sound':
      return <Sound sound={result.body} />;
    case 'text':
      return <Transcript result={result} />;
  }
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
