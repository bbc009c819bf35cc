/**
 * The layer that routes run on: one for all of them in a process.
 *
 * Opened when the first request comes, for whoever says nothing: `THROUGHLINE_STORE`, else `file:./throughline.db`. `connect` gives it one
 * that the application opened itself, or opens it when the process starts, so that what was interrupted goes on before anybody asks.
 */
import { BadRequest, open, type AnyTask, type Throughline } from '../../app/index.ts'

type Opening = () => Promise<Throughline>

const routes = new Set<AnyTask>()
/** Of routes that were defined after their store was opened, where many share it. */
const late = new Map<AnyTask, Promise<Throughline>>()
let opening: Opening = openDefault
let opened: Promise<Throughline> | undefined

function openDefault(tasks: Iterable<AnyTask> = routes): Promise<Throughline> {
  return open({ store: process.env['THROUGHLINE_STORE'] || 'file:./throughline.db', tasks: [...tasks] })
}

let isAlone = false

/** Whether others may want to know of a response that is made here: unless the store is known to be this process's alone. */
export const isTold = (): boolean => !isAlone

/** A route can be asked for from now on. */
export function addRoute(task: AnyTask): void {
  routes.add(task)
}

/**
 * Says on which layer the routes run: one that is open, or how it is opened. Without either, the default one is opened now rather than when the
 * first request comes.
 *
 * @example
 * connect(await open({ store: 'postgres://…', tasks: [POST.task], models }))
 */
export async function connect(tl?: Throughline | Opening): Promise<Throughline> {
  opening = tl === undefined ? openDefault : typeof tl === 'function' ? tl : () => Promise.resolve(tl)
  opened = undefined
  const layer = await theLayer()
  for (const task of routes) await layerFor(task)
  return layer
}

function theLayer(): Promise<Throughline> {
  opened ??= opening()
    .then((tl) => {
      isAlone = tl.isAlone
      return tl
    })
    .catch((error: unknown) => {
      opened = undefined // the next request tries again
      throw error
    })
  return opened
}

/** The layer that carries a route's runs. */
export async function layerFor(task: AnyTask): Promise<Throughline> {
  const alone = late.get(task)
  if (alone) return alone
  const layer = await theLayer()
  try {
    await layer.register(task)
    return layer
  } catch (error) {
    // A worker among many says what it carries when it begins: a route that is loaded later is a worker of its own.
    if (!(error instanceof BadRequest) || opening !== openDefault) throw error
    const own = late.get(task) ?? openDefault([task])
    late.set(task, own)
    own.catch(() => late.delete(task))
    return own
  }
}
