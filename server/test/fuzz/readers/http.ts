/** The two readers of HTTP beside each other, and the plain client beside undici. */
import { fuzzAnswers } from '../../lane/answer-fuzz.ts';
import { fuzzRequests } from '../../lane/request-fuzz.ts';
import type { ReaderFuzz } from './reader.ts';

export const http = (): ReaderFuzz => ({
  name: 'http',
  round: async (from) => {
    const requests = await fuzzRequests(100, from);
    const answers = await fuzzAnswers(200, from);
    return { cases: requests.messages + answers.messages, problems: [...requests.disagreements, ...answers.disagreements] };
  },
});
