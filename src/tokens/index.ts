export { readTokenizer, type Tokenizer } from './tokenizer.ts'
