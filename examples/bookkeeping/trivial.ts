/** What anybody would try first, to be measured against: the payee's commonest category so far. */

export class Commonest {
  readonly #counts = new Map<string, Map<string, number>>()

  suggest(payee: string): string | undefined {
    let best: string | undefined
    let most = 0
    for (const [label, count] of this.#counts.get(payee) ?? [])
      if (count > most) [best, most] = [label, count]
    return best
  }

  learn(payee: string, label: string): void {
    const counts = this.#counts.get(payee) ?? new Map<string, number>()
    this.#counts.set(payee, counts.set(label, (counts.get(label) ?? 0) + 1))
  }
}
