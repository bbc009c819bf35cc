/**
 * Keys and tokens as they look, wherever they turn up: in an error's message, in what a tool returned.
 *
 * S1. Only what is unmistakable: a prefix that providers gave their keys so that they can be found. A hash or an id is none.
 * S2. A text is looked through once for the few letters every pattern begins with; most have none, and cost no more than that.
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
    pattern:
      /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,20000}?(?:-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  },
  { kind: 'anthropic', pattern: /\bsk-ant-[\w-]{16,}/g },
  { kind: 'openai', pattern: /\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[\w-]{20,}/g },
  { kind: 'aws', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g },
  { kind: 'github', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})\b/g },
  { kind: 'gitlab', pattern: /\bglpat-[\w-]{20,}/g },
  {
    kind: 'slack',
    pattern: /\bxox[abeoprs]-[\w-]{10,}|\bhttps:\/\/hooks\.slack\.com\/services\/[\w/]{20,}/g,
  },
  { kind: 'google', pattern: /\bAIza[\w-]{35}|\bya29\.[\w-]{20,}/g },
  { kind: 'stripe', pattern: /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/g },
  { kind: 'npm', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { kind: 'hugging face', pattern: /\bhf_[A-Za-z0-9]{30,}/g },
  { kind: 'groq', pattern: /\bgsk_[A-Za-z0-9]{40,}/g },
  { kind: 'token', pattern: /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g },
  { kind: 'bearer', pattern: /\b([Bb]earer\s+)[\w.~+/-]{16,}=*/g, keeps: '$1' },
  { kind: 'password', pattern: /(:\/\/[^\s:/@]{1,64}:)[^\s:/@]{6,128}(?=@[\w.-]+)/g, keeps: '$1' },
]

/** Something every pattern needs: what has none of it is left alone at once. */
const HINT =
  /sk-|[rs]k_(?:live|test)_|A[KSBC][IC]A|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hooks\.slack|AIza|ya29\.|npm_|hf_|gsk_|eyJ|[Bb]earer|-----BEGIN|:\/\/[^\s:/@]{1,64}:[^\s:/@]{6,128}@/

/** A text without keys and tokens in it; the same text where there are none. */
export function withoutSecrets(text: string): string {
  if (!HINT.test(text)) return text
  let left = text
  for (const { kind, pattern, keeps = '' } of patterns)
    left = left.replace(pattern, `${keeps}${standIn(kind)}`)
  return left
}
