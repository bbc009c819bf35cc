import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open, type Throughline } from '../app/index.ts'
import type { Embedder } from './embedder.ts'

/** A model that knows of two things, what barks and what is paid for, in 64 dimensions. */
function model() {
  const asked: string[] = []
  const embedder: Embedder = {
    modelId: 'two-things',
    provider: 'test',
    maxEmbeddingsPerCall: 2,
    async doEmbed({ values }) {
      asked.push(...values)
      return {
        embeddings: values.map((text) =>
          Array.from({ length: 64 }, (_, i) => (i < 32 === /hound|canine|dog/i.test(text) ? 1 : 0)),
        ),
      }
    },
  }
  return { embedder, asked }
}

async function fill(tl: Throughline) {
  const dog = await tl.memory.remember({ kind: 'fact', subject: 'a', statement: 'The hound sleeps' })
  await tl.memory.remember({ kind: 'fact', subject: 'b', statement: 'An invoice arrived' })
  await tl.memory.remember({
    kind: 'fact',
    subject: 'c',
    statement: 'The secret dog',
    sensitivity: 'confidential',
  })
  return dog.id
}

/** Vectors come after the words: asked until they are there. */
async function nearest(tl: Throughline, query: string) {
  for (let tried = 0; tried < 200; tried++) {
    const found = await tl.memory.recall({ query })
    if (found.length > 0) return found.map(({ item }) => item.id)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return []
}

test('a model that is given says what is near, and is not told what is confidential', async () => {
  const { embedder, asked } = model()
  await using tl = await open({ store: 'memory:', embedder })
  const id = await fill(tl)
  expect(await nearest(tl, 'canine')).toEqual([id])
  expect(asked).toContain('The hound sleeps')
  expect(asked).not.toContain('The secret dog')
})

test('a thread asks the model of the main thread, and keeps what it said in the snapshot', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-embedder-'))
  const store = join(folder, 'm.db')
  try {
    const { embedder, asked } = model()
    await using tl = await open({ store, embedder })
    const id = await fill(tl)
    for (let n = 0; n < 1100; n++)
      await tl.memory.remember({
        kind: 'fact',
        subject: `n${n}`,
        statement: `Number ${n}`,
        sensitivity: 'personal',
      })
    expect(await nearest(tl, 'canine')).toEqual([id])
    await tl.close()
    const told = asked.length
    await using again = await open({ store, embedder })
    expect(await nearest(again, 'canine')).toEqual([id])
    expect(asked.slice(told)).toEqual(asked.slice(told).map(() => 'canine'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a model that fails is done without: words rank', async () => {
  const embedder: Embedder = { modelId: 'gone', doEmbed: () => Promise.reject(new Error('no network')) }
  await using tl = await open({ store: 'memory:', embedder })
  const id = await fill(tl)
  expect((await tl.memory.recall({ query: 'hound' })).map(({ item }) => item.id)).toEqual([id])
})
