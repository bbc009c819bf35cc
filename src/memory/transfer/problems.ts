/** What is wrong with a text that is to be imported, all of it, by line: whoever mends it wants to do so once. */
import { messageOf, ThroughlineError } from '../../errors.ts'
import { BadMemoryImport } from '../errors.ts'

const ENOUGH = 100

export class Problems {
  readonly #found: { readonly line: number; readonly reason: string }[] = []

  add(line: number, reason: string): void {
    this.#found.push({ line, reason })
    if (this.#found.length >= ENOUGH) this.check()
  }

  /** What `work` gives, or nothing and a problem. What is no fault of the text is thrown. */
  async at<T>(
    line: number | ((error: ThroughlineError) => number),
    work: () => T | Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      // Asked for in a text, these are what is wrong with the text; a version that is gone is somebody else's doing.
      if (!(error instanceof ThroughlineError) || !OF_THE_TEXT.has(error.code)) throw error
      this.add(typeof line === 'number' ? line : line(error), messageOf(error))
      return undefined
    }
  }

  /** @throws {BadMemoryImport} */
  check(): void {
    const [first] = this.#found
    if (first) throw new BadMemoryImport(this.#found.toSorted((a, b) => a.line - b.line))
  }
}

const OF_THE_TEXT: ReadonlySet<string> = new Set([
  'bad_item',
  'rule_invalid',
  'not_serializable',
  'item_not_found',
  'item_over',
])
