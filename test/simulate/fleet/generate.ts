/** Random programs. */
import type { Op, Program, StepOp } from './program.ts'
import type { Random } from '../../random.ts'

interface Around {
  readonly depth: number
  /** Later tasks, which may be called. */
  readonly tasks: readonly number[]
  /** Within Promise.all over one branch: nothing whose order plain awaits or failures could change. */
  readonly isBare: boolean
  /** Somebody catches what is thrown here. */
  readonly isCaught: boolean
  /** Within a race, a failure would win it: nothing fails there. */
  readonly mayFail: boolean
}

const NAMES = ['a', 'b', 'c'] as const

export class Generator {
  readonly #random: Random
  #id = 0
  #left = 0

  constructor(random: Random) {
    this.#random = random
  }

  program(): Program {
    const random = this.#random
    const count = random.weighted({ one: 5, two: 4, three: 1 })
    const tasks = count === 'one' ? 1 : count === 'two' ? 2 : 3
    const program = {
      tasks: Array.from({ length: tasks }, (_, index) => {
        this.#left = index === 0 ? random.between(2, 16) : random.between(1, 5)
        const later = Array.from({ length: tasks - index - 1 }, (_, i) => index + 1 + i)
        const around = { depth: 0, tasks: later, isBare: false, isCaught: false, mayFail: true }
        const ops: Op[] = this.#ops(around, random.between(1, 6))
        if (later.length > 0 && index === 0) ops.splice(random.between(0, ops.length), 0, this.#child(around))
        if (index === 0 && random.chance(0.07)) ops.push({ kind: 'hold', id: ++this.#id })
        else if (random.chance(0.1)) ops.push({ kind: 'fail', id: ++this.#id })
        return { ops, chapters: random.chance(0.12) ? random.between(2, 3) : 1 }
      }),
    }
    // Drawn last: all else of a seed is what it was before runs could be handed over, and before they had agents.
    for (const { ops } of program.tasks)
      if (random.chance(0.1)) ops.splice(random.between(0, ops.length), 0, { kind: 'hand', id: ++this.#id })
    for (const { ops } of program.tasks) {
      if (!random.chance(0.15)) continue
      const [turns, fails] = [random.between(1, 3), random.chance(0.3) ? 1 : 0]
      const agent = { kind: 'agent', id: ++this.#id, turns, fails, isOnce: random.chance(0.5) } as const
      ops.splice(random.between(0, ops.length), 0, agent)
    }
    return program
  }

  #ops(around: Around, most: number): Op[] {
    const ops: Op[] = []
    for (let i = 0; i < most && this.#left > 0; i++) ops.push(this.#op(around))
    return ops
  }

  #op(around: Around): Op {
    this.#left--
    const random = this.#random
    const id = ++this.#id
    if (around.isBare) {
      const kind = random.weighted({ step: 8, sleep: 2, wait: 1 })
      if (kind === 'sleep') return { kind, id, ms: this.#ms() }
      if (kind === 'wait') return { kind, id, count: 1, isPicky: false }
      return this.#step(id, around)
    }
    const nests = around.depth < 2 ? 1 : 0
    const inner = { ...around, depth: around.depth + 1 }
    const kind = random.weighted({
      step: 12,
      sleep: 3,
      wait: 4,
      expire: 1,
      pause: 3,
      progress: 1,
      map: 2 * nests,
      all: 2 * nests,
      bare: 2 * nests,
      loose: 0.5 * nests,
      race: 1.5 * nests,
      contest: 1.5 * nests,
      nudge: 1,
      collect: 0.7,
      keep: 2,
      child: around.mayFail && around.tasks.length > 0 ? 2 : 0,
      try: 1.5 * nests,
    })
    switch (kind) {
      case 'step':
        return this.#step(id, around)
      case 'sleep':
      case 'expire':
        return { kind, id, ms: this.#ms() }
      case 'nudge':
        return { kind, id, ms: random.pick([500, 60_000, 3_600_000]) }
      case 'wait':
        return {
          kind,
          id,
          count: random.chance(0.2) ? random.between(2, 3) : 1,
          isPicky: random.chance(0.15),
        }
      case 'pause':
        return {
          kind,
          id,
          turns: random.between(0, 12),
          // Beside others that wait, a long one is forgotten when the process dies while it lasts: a known limit.
          ms: around.depth === 0 && random.chance(0.15) ? random.pick([1, 250, 5000]) : 0,
        }
      case 'progress':
        return { kind, id }
      case 'keep':
        return { kind, id, isShared: random.chance(0.3), isRevised: random.chance(0.3) }
      case 'collect':
        return { kind, id, count: random.between(2, 4) }
      case 'map':
        return { kind, id, items: this.#several(inner, 4), concurrency: random.pick([1, 2, 16]) }
      case 'all':
        return { kind, id, branches: this.#several(inner, 3) }
      case 'bare':
        return { kind, id, parts: this.#several({ ...inner, isBare: true }, 4) }
      case 'loose':
        return { kind, id, ops: this.#ops(inner, 2) }
      case 'race': {
        const fast = this.#ops({ ...inner, mayFail: false }, 2)
        return { kind, id, fast, slow: this.#ops({ ...inner, mayFail: false }, 1) }
      }
      case 'contest':
        return { kind, id, branches: this.#several({ ...inner, mayFail: false }, 3) }
      case 'child':
        return this.#child(around)
      case 'try':
        return { kind, id, ops: this.#ops({ ...inner, isCaught: true }, 3) }
    }
  }

  #several(around: Around, most: number): Op[][] {
    return Array.from({ length: this.#random.between(1, most) }, () => this.#ops(around, 2))
  }

  #child(around: Around): Op {
    const random = this.#random
    const [id, task] = [++this.#id, random.pick(around.tasks)]
    return random.chance(0.75)
      ? { kind: 'call', id, task }
      : { kind: 'spawn', id, task, onParentEnd: random.pick(['cancel', 'leave']) }
  }

  #step(id: number, around: Around): StepOp {
    const random = this.#random
    const isOnce = random.chance(0.25)
    const fails = !isOnce && random.chance(0.15) ? random.between(1, 2) : 0
    // Left to itself a step that fails for good fails its run: rarely.
    const mayDie =
      around.mayFail && !around.isBare && fails > 0 && random.chance(around.isCaught ? 0.4 : 0.05)
    const failsBy = random.chance(0.3) ? 'time' : 'throwing'
    return {
      kind: 'step',
      id,
      name: random.pick(NAMES),
      before: Number(random.weighted({ '0': 4, '1': 2, '3': 1, '9': 1 })),
      after: Number(random.weighted({ '0': 5, '1': 1, '4': 1 })),
      ms: random.chance(0.1) ? this.#ms() : 0,
      fails,
      failsBy,
      // A clock that jumps ahead may time out any attempt: some are left over.
      attempts: mayDie ? fails : fails + (failsBy === 'time' ? 5 : 1),
      ...(isOnce ? { once: random.pick(['bare', 'reconciled'] as const) } : {}),
      ...(isOnce && random.chance(0.15) ? { throws: random.pick(['before', 'after'] as const) } : {}),
      hasUndo: random.chance(0.15),
      undoFails: random.chance(0.2) ? 1 : 0,
    }
  }

  #ms(): number {
    return this.#random.pick([0, 1, 10, 250, 1000, 5000, 60_000, 3_600_000])
  }
}
