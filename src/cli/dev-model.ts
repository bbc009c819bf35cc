/** `throughline dev-model`: a server that speaks as models do, so that examples run without a key; it can be told to fail. */
import { BadRequest } from '../app/index.ts'
import { messageOf } from '../errors.ts'
import { faultNames, modelServer, type ModelServer } from '../testing/model-server/index.ts'
import type { Define, Desk, ExitCode } from './command.ts'

interface Options {
  readonly port: string
  readonly host: string
}

export const define: Define = (command, act) => {
  command
    .option('--port <n>', 'where it listens; 0 for any free one', '4141')
    .option('--host <address>', 'who can reach it: only this machine unless told', '127.0.0.1')
    .addHelpText(
      'after',
      `
It answers OpenAI-compatible chat completions and embeddings, and Anthropic's messages, streamed or not. No model is behind it: it
repeats what it was told, calls the tools the prompt names, and fills in what a schema asks for.

Faults, one POST each, for the next request: ${faultNames.join(', ')}.

Example:
  throughline dev-model
  curl -X POST http://127.0.0.1:4141/faults -d '{"fault":"rate_limit","retryAfter":2,"times":3}'`,
    )
    .action(act(serve))
}

async function serve(desk: Desk, { port, host }: Options): Promise<ExitCode> {
  const { out } = desk
  const told = Promise.withResolvers<void>()
  const stop = (): void => {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    told.resolve()
  }
  const server = await started(port, host)
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    introduce(desk, server)
    await told.promise
  } finally {
    await server.close()
  }
  out.say(`Stopped after ${server.requests.length} requests.`)
  return 0
}

async function started(given: string, host: string): Promise<ModelServer> {
  const port = Number(given)
  if (!/^\d+$/.test(given) || port > 65_535)
    throw new BadRequest(`--port must be a whole number from 0 to 65535; got "${given}".`)
  try {
    return await modelServer({ port, host })
  } catch (error) {
    throw new BadRequest(
      `Nothing can listen on ${host}:${port}: ${messageOf(error)}. Give another --port; 0 takes any free one.`,
    )
  }
}

function introduce({ out }: Desk, { url, openai, anthropic }: ModelServer): void {
  if (out.isJson) {
    out.json({
      pid: process.pid,
      url,
      openai,
      anthropic,
      faults: `${url}/faults`,
      requests: `${url}/requests`,
    })
    return
  }
  const row = (name: string, text: string) => out.line(`${out.paint('dim', name.padEnd(10))} ${text}`)
  row('openai', `${openai}   as baseURL of an OpenAI-compatible provider; any key`)
  row('anthropic', `${anthropic}   as baseURL of an Anthropic provider; any key`)
  row('examples', `THROUGHLINE_MODEL_URL=${url}   lets modelFromEnvironment() use it`)
  row('faults', `curl -X POST ${url}/faults -d '{"fault":"rate_limit","retryAfter":2}'`)
  row('requests', `curl ${url}/requests`)
  out.say(out.tint('dim', 'No model is behind it. Ctrl-C stops it.'))
}
