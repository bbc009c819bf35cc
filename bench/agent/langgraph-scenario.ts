/** The same reading as a LangGraph agent: a node for the model, a node for the tools, with its SQLite saver and without. */
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import { join } from 'node:path'
import { answer } from '../own/process.ts'
import { bytesUnder, scratch } from '../scratch.ts'
import { median } from '../statistics.ts'
import { readingOf } from './reading.ts'

const [calls = 100, tokens = 200_000] = process.argv.slice(2).map(Number)
const reading = readingOf(calls, tokens)
const lastFifth = Math.ceil(calls / 5)
const folder = scratch('langgraph')
const saver = SqliteSaver.fromConnString(join(folder, 'checkpoints.db'))
saver.db.pragma('journal_mode=WAL')
saver.db.pragma('synchronous=FULL')

async function read(checkpointer: SqliteSaver | undefined): Promise<number> {
  const at: number[] = []
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('model', ({ messages }) => {
      at.push(performance.now())
      const turn = reading.turns[messages.filter((one) => one.getType() === 'ai').length]
      const tool_calls = (turn?.calls ?? []).map(({ tool, args }, i) => ({
        id: `call_${i}`,
        name: tool,
        args: { ...args },
      }))
      return { messages: [new AIMessage({ content: turn?.text ?? '', tool_calls })] }
    })
    .addNode('tools', ({ messages }) => {
      const turn = reading.turns[messages.filter((one) => one.getType() === 'ai').length - 1]
      return {
        messages: (turn?.calls ?? []).map(
          ({ result }, i) => new ToolMessage({ content: JSON.stringify(result), tool_call_id: `call_${i}` }),
        ),
      }
    })
    .addEdge(START, 'model')
    .addConditionalEdges('model', ({ messages }) => {
      const last = messages.at(-1)
      return last instanceof AIMessage && (last.tool_calls?.length ?? 0) > 0 ? 'tools' : END
    })
    .addEdge('tools', 'model')
    .compile(checkpointer ? { checkpointer } : {})
  await graph.invoke(
    { messages: [new SystemMessage(reading.system), new HumanMessage(reading.prompt)] },
    { configurable: { thread_id: 'reading' }, recursionLimit: 3 * calls, durability: 'sync' },
  )
  if (at.length !== calls) throw new Error(`LangGraph made ${at.length} calls of ${calls}.`)
  return median(
    at
      .slice(1)
      .map((moment, i) => moment - (at[i] ?? moment))
      .slice(-lastFifth),
  )
}

const aloneMs = await read(undefined)
const recordedMs = await read(saver)
saver.db.pragma('wal_checkpoint(TRUNCATE)')
saver.db.close()
answer({ aloneMs, recordedMs, file: bytesUnder(folder), uniqueBytes: reading.uniqueBytes })
