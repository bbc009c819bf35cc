export { loadTokenizer, readTokenizer, type Tokenizer } from './tokenizer.ts'
