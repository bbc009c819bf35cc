/**
 * What the model says when nobody scripted it: the same to the same request, and something a program can go on with.
 *
 * D1. A schema is met; a tool that must be called is called, with arguments that fit.
 * D2. A tool is called once where the prompt names it, or asks for a tool; what it says is then told.
 */
import type { Answer } from './answer.ts'
import type { Asked, OfferedTool } from './asked.ts'
import { fitting } from './fitting.ts'

const ASKS_FOR_A_TOOL = /\b(?:use|call|run|invoke)\b[^.?!]{0,40}\btools?\b/i
const MOST_ECHOED = 200

export function defaultAnswer(asked: Asked): Answer {
  const forced = asked.tools.find(({ name }) => name === asked.mustCall)
  if (forced) return call(forced)
  const last = asked.messages.at(-1)
  const said = last?.toolResults.at(-1)
  const tool = said && asked.mustCall !== true ? undefined : wantedTool(asked)
  if (tool) return call(tool)
  if (asked.schema !== undefined)
    return {
      text: JSON.stringify(asked.schema === true ? { answer: echo(asked.prompt) } : fitting(asked.schema)),
    }
  if (said) return { text: `The tool said: ${echo(said.text)}` }
  return { text: asked.prompt === '' ? 'Nothing was asked.' : `You said: ${echo(asked.prompt)}` }
}

function wantedTool({ tools, mustCall, prompt }: Asked): OfferedTool | undefined {
  const named = tools.find(({ name }) => mentions(prompt, name))
  if (named) return named
  return mustCall === true || ASKS_FOR_A_TOOL.test(prompt) ? tools[0] : undefined
}

/** Whether a text has a name in it, as a word of its own. */
function mentions(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1))
    if (!/\w/.test(text[at - 1] ?? '') && !/\w/.test(text[at + name.length] ?? '')) return true
  return false
}

function call(tool: OfferedTool): Answer {
  return { toolCalls: [{ name: tool.name, args: fitting(tool.schema) }] }
}

function echo(text: string): string {
  return text.length <= MOST_ECHOED ? text : `${text.slice(0, MOST_ECHOED)}…`
}
