/** Ids that a handler makes up: the same when it is run again. */
import * as sdk from 'ai'
import { contextHere } from '../../app/index.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The SDK's generator; in a run, its draws are the run's. */
export const createIdGenerator: typeof sdk.createIdGenerator = (options = {}) => {
  const free = sdk.createIdGenerator(options)
  const { prefix, size = 16, alphabet = ALPHABET, separator = '-' } = options
  return () => {
    const ctx = contextHere()
    if (!ctx) return free()
    const drawn = Array.from({ length: size }, () => alphabet[Math.floor(ctx.random() * alphabet.length)])
    return `${prefix === undefined ? '' : `${prefix}${separator}`}${drawn.join('')}`
  }
}

export const generateId = createIdGenerator()
