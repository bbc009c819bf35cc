/**
 * Keys and tokens as they look, wherever they turn up: in an error's message, in what a tool returned.
 *
 * S1. Only what is unmistakable: a prefix that providers gave their keys so that they can be found. A hash or an id is none.
 * S2. A long text is asked for one pattern after another: each alone is found by its first letters. All of them as one pattern took three
 *     times as long.
 * S3. Every repetition has an end, or what it eats is a match: a text made to be slow is not.
 */

/** What stands in place of a secret of a kind. */
export function standIn(kind: string): string {
  return `[secret: ${kind}]`
}

interface Pattern {
  readonly kind: string
  readonly pattern: RegExp
  /** What of a match stays: `Bearer `. */
  readonly keeps?: string
}

const patterns: readonly Pattern[] = [
  {
    kind: 'private key',
    // Up to its end, or as far as one can be long where the end is missing.
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){0,20000}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
  },
  { kind: 'anthropic', pattern: /\bsk-ant-[\w-]{16,}/g },
  { kind: 'openai', pattern: /\bsk-(?=[\w-]{0,60}\d)[\w-]{20,}/g },
  { kind: 'aws', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g },
  { kind: 'github', pattern: /\bgh[pousr]_[A-Za-z0-9]{36,}/g },
  { kind: 'github', pattern: /\bgithub_pat_\w{22,}/g },
  { kind: 'gitlab', pattern: /\bglpat-[\w-]{20,}/g },
  { kind: 'slack', pattern: /\bxox[abeoprs]-[\w-]{10,}/g },
  { kind: 'slack', pattern: /\bhooks\.slack\.com\/services\/[\w/]{20,}/g },
  { kind: 'google', pattern: /\bAIza[\w-]{35}/g },
  { kind: 'google', pattern: /\bya29\.[\w-]{20,}/g },
  { kind: 'stripe', pattern: /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/g },
  { kind: 'npm', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { kind: 'hugging face', pattern: /\bhf_[A-Za-z0-9]{30,}/g },
  { kind: 'groq', pattern: /\bgsk_[A-Za-z0-9]{40,}/g },
  { kind: 'token', pattern: /(?<![\w-])eyJ[\w-]{8,4000}\.eyJ[\w-]{8,8000}\.[\w-]{8,}/g },
  { kind: 'bearer', pattern: /\b([Bb]earer\s{1,4})(?=[\w.~+/-]{0,60}\d)[\w.~+/-]{16,}=*/g, keeps: '$1' },
  { kind: 'password', pattern: /(:\/\/[^\s:/@]{1,64}:)[^\s:/@]{6,128}(?=@[\w.-])/g, keeps: '$1' },
]

/** Of short texts there are many, and one question is cheaper than one a pattern: each pattern needs one of these. */
const HINT =
  /sk-|[rs]k_|A[KSBC][IC]A|gh[pousr]_|github_pat_|glpat-|xox|slack|AIza|ya29|npm_|hf_|gsk_|eyJ|earer|-----|:\/\//
const SHORT = 1000

/** A text without keys and tokens in it; the same text where there are none. */
export function withoutSecrets(text: string): string {
  if (text.length <= SHORT && !HINT.test(text)) return text
  let left = text
  for (const { kind, pattern, keeps = '' } of patterns)
    left = left.replace(pattern, `${keeps}${standIn(kind)}`)
  return left
}
