/** The outside world, which no crash undoes: what effects did to it, and what was undone. */
export class World {
  /** How often each effect that must happen once did happen. */
  readonly done = new Map<string, number>()
  readonly undone: string[] = []
  /** How often each step of a run that fails at first was tried. */
  readonly tried = new Map<string, number>()
  /** Effects that threw after they had, or had not, happened. */
  thrown = 0
  readonly faults: string[] = []

  happen(id: string): void {
    this.done.set(id, (this.done.get(id) ?? 0) + 1)
  }

  has(id: string): boolean {
    return this.done.has(id)
  }

  try(id: string): number {
    const tries = (this.tried.get(id) ?? 0) + 1
    this.tried.set(id, tries)
    return tries
  }

  /** Something that must never be: reported at the end of the seed. */
  fault(what: string): void {
    this.faults.push(what)
  }
}
