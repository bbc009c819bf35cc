// The tokenizer knows nothing of the house.
import type { Recall } from '../memory/index.ts' // breach

export type Tokens = Recall
