/**
 * The Restate of a simulated deployment, and what befalls it: wake-ups lost, doubled, late and early; calls given up while the worker
 * lives, which hears of it late or never; silence between it and one worker; an outage; and disks that are gone, with all it knew.
 */
import type { Fortune } from '../../restate/simulated/fortune.ts'
import { SimulatedRestate } from '../../restate/simulated/restate.ts'
import type { Random } from '../../random.ts'
import { nature, type Hub } from './hub.ts'

const SECOND_MS = 1000

/** Puts a Restate between the processes of a hub. */
export function addRestate(hub: Hub, random: Random): void {
  const { clock, ticks } = hub
  const restate = new SimulatedRestate({
    clock: { now: () => clock.now, at: (at, fire) => clock.at(nature, at, fire) },
    ticks: { now: () => ticks.now, after: (ms, fire) => ticks.at(nature, ticks.now + ms, fire) },
    fortune: fortuneOf(hub, random),
    say: (what) => hub.say(what),
  })
  hub.restate = restate
  const often = random.pick([0, 0.001, 0.004])
  hub.meddle = () => {
    if (!hub.hasMisfortune || !random.chance(often)) return
    const what = random.weighted({ silence: 6, outage: 2, loss: 1 })
    if (what === 'outage') restate.leaveFor(random.between(0, 20 * SECOND_MS))
    if (what === 'loss') restate.forget()
    const link = what === 'silence' && restate.links.length > 0 ? random.pick(restate.links) : undefined
    if (link) link.silentUntil = ticks.now + random.between(0, 12 * SECOND_MS)
    hub.say(`${what} befalls Restate${link ? ` and ${link.host.name}` : ''}`)
  }
}

function fortuneOf(hub: Hub, random: Random): Fortune {
  const slowest = random.pick([0, 30, 300])
  const bad = random.pick([0, 0.02, 0.1, 0.3])
  const isBad = () => hub.hasMisfortune && bad > 0 && random.chance(bad)
  return {
    trip: () => (slowest > 0 && hub.hasMisfortune ? random.between(0, slowest) : 0),
    taken: () => (isBad() ? random.pick(['lost', 'doubled']) : 'kept'),
    lateness: () => (isBad() ? random.pick([-1, -100, -1900, -10 * SECOND_MS, 100, 10 * SECOND_MS]) : 0),
    betrayal() {
      if (!isBad()) return undefined
      const toldAfterMs = random.pick([0, 100, 500, 2 * SECOND_MS, 10 * SECOND_MS, Infinity])
      return { afterMs: random.between(0, random.pick([50, 500, 5000])), toldAfterMs }
    },
    patienceMs: () => random.between(2500, 5000),
    showsDeath: () => random.chance(0.7),
    saysGoodbye: () => random.chance(0.7),
    choose: (of) => (of.length === 0 ? undefined : random.pick(of)),
  }
}
