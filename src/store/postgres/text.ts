/**
 * Texts that Postgres cannot hold: its `text` takes every character but NUL. A NUL is stored as the private character U+F8FE and
 * "0", that character itself as U+F8FE and "1"; everything else is as it was, and compares as it did.
 */
const SIGN = '\u{f8fe}'
const TO_STORE = /[\0\u{f8fe}]/gu
const STORED = /\u{f8fe}([01])/gu

export function toStore(text: string): string {
  return text.includes('\0') || text.includes(SIGN)
    ? text.replace(TO_STORE, (character) => (character === SIGN ? `${SIGN}1` : `${SIGN}0`))
    : text
}

export function fromStore(text: string): string {
  return text.includes(SIGN) ? text.replace(STORED, (_, which) => (which === '0' ? '\0' : SIGN)) : text
}

/** The name of anything in SQL. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
