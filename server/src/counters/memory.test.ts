import { describeCounters } from './contract.ts';
import { createMemoryCounters } from './memory.ts';

describeCounters('memory', createMemoryCounters);
