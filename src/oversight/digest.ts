/** What an approval is bound to: the SHA-256 of a proposal, whatever the order of its keys. */
import { hash } from 'node:crypto'
import { encode } from '../log/index.ts'

/** @throws {NotSerializable} */
export function digestOf(proposal: unknown): string {
  return hash('sha256', canonical(JSON.parse(encode(proposal))), 'hex')
}

/** JSON with keys in order and no spaces between (RFC 8785). */
function canonical(json: unknown): string {
  if (typeof json !== 'object' || json === null) return JSON.stringify(json)
  if (Array.isArray(json)) return `[${json.map(canonical).join()}]`
  const fields = Object.entries(json).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`).join()}}`
}
