/**
 * 703 design decisions of 25 years in working memory, asked what people ask of decisions:
 * `node --conditions=throughline-source examples/decision-register/start.ts [live|replaced|believed|measure …]`.
 */
import { parseArgs } from 'node:util'
import { open, type Throughline } from 'throughline'
import { believedOn, liveAbout, successionOf } from './ask.ts'
import { importRegister } from './import.ts'
import { measure } from './measure.ts'
import { readRegister } from './register.ts'
import * as tables from './tables.ts'

const HELP = `Without a question: a tour. Questions:

  live <words>               what holds or is open about it
  replaced <number|words>    what took its place, and why
  believed <day> <words>     what held on a day such as 2019-01-01
  measure                    how often a replaced decision is found from the new one

  --store <store>            where the record is kept; file:./decision-register.db unless told
`

const say = (text: string): void => void process.stdout.write(text)

async function answer(tl: Throughline, [question, ...rest]: readonly string[]): Promise<boolean> {
  const words = rest.join(' ')
  switch (question) {
    case 'live':
      if (words === '') return false
      say(tables.live(words, await liveAbout(tl, words)))
      return true
    case 'replaced':
      if (words === '') return false
      say(tables.replaced(words, await successionOf(tl, words)))
      return true
    case 'believed': {
      const [day = '', ...about] = rest
      const date = new Date(`${day}T00:00:00Z`)
      if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(date.getTime()) || about.length === 0) return false
      say(tables.believed(date, about.join(' '), await believedOn(tl, date, about.join(' '))))
      return true
    }
    case 'measure': {
      const register = readRegister()
      say(tables.measurements(await measure(register), register))
      return true
    }
    default:
      return false
  }
}

const TOUR = [
  ['live', 'pattern matching'],
  ['live', 'async', 'generators'],
  ['replaced', '345'],
  ['replaced', 'string interpolation'],
  ['believed', '2019-01-01', 'evaluation of annotations'],
  ['measure'],
]

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      store: { type: 'string', default: 'file:./decision-register.db' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  if (values.help) {
    say(HELP)
    return 0
  }
  const register = readRegister()
  const from = performance.now()
  const added = await importRegister(values.store, register)
  if (added > 0)
    process.stderr.write(
      `Read ${added} decisions into ${values.store} in ${((performance.now() - from) / 1000).toFixed(1)} s.\n\n`,
    )
  const tl = await open({ store: values.store, worker: false })
  try {
    for (const question of positionals.length === 0 ? TOUR : [positionals])
      if (!(await answer(tl, question))) {
        process.stderr.write(`There is no such question as "${question.join(' ')}".\n\n${HELP}`)
        return 2
      }
    return 0
  } finally {
    await tl.close()
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return error instanceof TypeError ? 2 : 1 // what parseArgs throws of flags it does not know
})
