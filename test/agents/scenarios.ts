/** Agents that are hard to tell apart, or that change under way. */
import { generateText, isStepCount, streamText, type ModelMessage } from 'ai'
import { retry, task, type AnyTask, type Context } from 'throughline'
import type { Script } from 'throughline/testing'
import { modelBy } from './errand.ts'
import { answerTo, drawing, lookUp, paying, resultsIn, TURNS, type World } from './world.ts'

export interface Scenario {
  readonly name: string
  /** How many agents there are. */
  readonly agents: number
  readonly isStreamed?: true
  readonly task: (world: World) => AnyTask
  readonly script: (world: World) => Script
}

interface AgentOptions {
  readonly agent: string
  readonly edition?: number
}

const SOON = { attempts: 20, initial: 1, max: 3 } as const
/** Crashes and broken streams are what this is about, not how long one waits after them. */
const recovery = { providerOutage: retry(SOON), partialLoss: retry(SOON), unclassified: retry(SOON) }

function asking(ctx: Context, world: World, { agent, edition = 0 }: AgentOptions) {
  return {
    model: ctx.model(modelBy(world.wire, world.server[world.wire])),
    tools: ctx.tools(
      { draw: drawing(world, `Draws a value, edition ${edition}.`), pay: paying(world) },
      { pay: { once: true, reconcile: lookUp(world) } },
    ),
    system: `You are agent ${edition === 0 ? '' : `of edition ${edition}`}.`,
    agent,
  }
}

/** A whole agent loop of the SDK's. */
async function agentIn(ctx: Context, world: World, options: AgentOptions): Promise<string> {
  const { agent, ...asked } = asking(ctx, world, options)
  const { life } = world
  let turn = 0
  const looping = {
    ...asked,
    prompt: 'Draw and pay.',
    stopWhen: isStepCount(TURNS + 3),
    onStepEnd: (step: {
      readonly text: string
      readonly response: { readonly id: string }
      readonly toolResults: readonly { readonly output: unknown }[]
    }) => {
      const results = step.toolResults.map(({ output }) => output)
      world.given.push({ life, agent, turn: turn++, id: step.response.id, text: step.text, results })
    },
  }
  return world.isStreamed ? streamText(looping).text : (await generateText(looping)).text
}

const alike =
  (isAlike: boolean) =>
  (world: World): Script =>
  (asked) =>
    answerTo(asked, world, isAlike)

const TWINS = ['first', 'second', 'third'] as const

/** Each in a branch of its own; what they ask and what they are told is the same, and only what they draw tells them apart. */
const twins: Scenario = {
  name: 'identical parallel sub-agents',
  agents: TWINS.length,
  task: (world) =>
    task({
      name: 'twins',
      recovery,
      run: (ctx) =>
        ctx.map('twin', [...TWINS], (branch, agent) => agentIn(branch, world, { agent }), {
          key: (agent) => agent,
        }),
    }),
  script: alike(true),
}

/** All in one branch: nothing but the order in which they ask. */
const together: Scenario = {
  name: 'identical sub-agents in one branch',
  agents: TWINS.length,
  task: (world) =>
    task({
      name: 'together',
      recovery,
      run: (ctx) => Promise.all(TWINS.map((agent) => agentIn(ctx, world, { agent }))),
    }),
  script: alike(false),
}

/** `call_0` in each answer; and, where the wire allows it, for every call in it. */
const repeated: Scenario = {
  name: 'repeated call ids',
  agents: 1,
  task: (world) =>
    task({ name: 'repeated', recovery, run: (ctx) => agentIn(ctx, world, { agent: 'the one' }) }),
  script: (world) => (asked) => {
    const answer = answerTo(asked, world, false)
    if (asked.wire !== 'openai' || !answer.toolCalls) return answer
    return { ...answer, toolCalls: answer.toolCalls.map((call) => ({ ...call, id: 'call_0' })) }
  },
}

const BREAKS = ['ends_early', 'reset_mid_stream', 'error_chunk', 'truncated_body'] as const

/** Streams break off, before anything was shown and after. What the body asks again after that is another call. */
const interrupted: Scenario = {
  name: 'interrupted streams',
  agents: 1,
  isStreamed: true,
  task: (world) =>
    task({ name: 'interrupted', recovery, run: (ctx) => turnByTurn(ctx, world, { agent: 'the one' }) }),
  script: (world) => (asked) => {
    const answer = answerTo(asked, world, false)
    if (!world.random.chance(0.3)) return answer
    return { fault: world.random.pick(BREAKS), after: world.random.between(0, 8), answer }
  },
}

/** A loop of the body's own, which asks again where a stream broke off after something of it was shown. */
async function turnByTurn(ctx: Context, world: World, options: AgentOptions): Promise<string> {
  const { agent, ...asked } = asking(ctx, world, options)
  const { life } = world
  const messages: ModelMessage[] = [{ role: 'user', content: 'Draw and pay.' }]
  world.asks = 0
  for (let turn = 0; turn < TURNS; turn++) {
    for (let tries = 0; ; tries++) {
      if (tries > 40) throw new Error(`Turn ${turn} came to nothing.`)
      world.asks++
      try {
        const { text, response, finishReason } = streamText({ ...asked, messages, onError() {} })
        const [said, { id, messages: more }] = [await text, await response]
        if ((await finishReason) === 'error') continue
        world.given.push({ life, agent, turn, id, text: said, results: resultsIn(more) })
        messages.push(...more)
        break
      } catch {
        // It broke off: asked again.
      }
    }
  }
  return 'done'
}

/** Each life has another prompt, and describes its tools otherwise. */
const edited: Scenario = {
  name: 'a prompt edited in flight',
  agents: 1,
  task: (world) => {
    const edition = world.life
    return task({
      name: 'edited',
      recovery,
      run: (ctx) => agentIn(ctx, world, { agent: 'the one', edition }),
    })
  },
  script: alike(false),
}

const editedTwins: Scenario = {
  name: 'identical parallel sub-agents, edited in flight',
  agents: TWINS.length,
  task: (world) => {
    const edition = world.life
    return task({
      name: 'edited-twins',
      recovery,
      run: (ctx) =>
        ctx.map('twin', [...TWINS], (branch, agent) => agentIn(branch, world, { agent, edition }), {
          key: (agent) => agent,
        }),
    })
  },
  script: alike(true),
}

export const scenarios: readonly Scenario[] = [twins, together, repeated, interrupted, edited, editedTwins]
