/**
 * Every command by name, with what it does in a sentence.
 *
 * C1. Nothing is imported here: a command's module is loaded when it is the one that was asked for.
 */
import type { Define } from './command.ts'

export interface Entry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<{ readonly define: Define }>
}

export const catalogue: readonly Entry[] = [
  {
    name: 'run',
    summary: 'start a task from a file and wait for its output',
    load: () => import('./run.ts'),
  },
  { name: 'resume', summary: 'go on with what was interrupted or halted', load: () => import('./resume.ts') },
  {
    name: 'worker',
    summary: 'carry the runs of a store until told to stop',
    load: () => import('./worker.ts'),
  },
  { name: 'runs', summary: 'list the runs, newest first', load: () => import('./runs.ts') },
  { name: 'show', summary: 'draw a run: its steps, branches and children', load: () => import('./show.ts') },
  { name: 'history', summary: 'list the events of a run', load: () => import('./history.ts') },
  { name: 'signal', summary: 'send a run the message it waits for', load: () => import('./signal.ts') },
  { name: 'cancel', summary: 'ask a run to stop and undo', load: () => import('./cancel.ts') },
  { name: 'fork', summary: 'start a run with the history of another', load: () => import('./fork.ts') },
  { name: 'resolve', summary: 'settle a step that is in doubt', load: () => import('./resolve.ts') },
  { name: 'feedback', summary: 'correct the output of a run', load: () => import('./feedback.ts') },
  {
    name: 'memory',
    summary: 'list, show and change what was decided, promised and learned',
    load: () => import('./memory.ts'),
  },
  {
    name: 'threads',
    summary: 'open, list, park and resume lines of work',
    load: () => import('./threads.ts'),
  },
  {
    name: 'brief',
    summary: 'tell whoever takes over a run or a thread how it stands',
    load: () => import('./brief.ts'),
  },
  { name: 'ack', summary: 'say that a brief was read, and take over', load: () => import('./ack.ts') },
  { name: 'handoffs', summary: 'runs that wait to be taken over', load: () => import('./handoffs.ts') },
  {
    name: 'inbox',
    summary: 'list, show and answer what runs ask of people',
    load: () => import('./inbox.ts'),
  },
  {
    name: 'failures',
    summary: 'which failures tasks declare a way out of, and which they met',
    load: () => import('./failures.ts'),
  },
  {
    name: 'boundary',
    summary: 'read out what a task may not cross, and what a run has spent of it',
    load: () => import('./boundary.ts'),
  },
  { name: 'verify', summary: 'recompute every hash of the record', load: () => import('./verify.ts') },
  { name: 'rebuild', summary: 'rebuild the views from the record', load: () => import('./rebuild.ts') },
  {
    name: 'archive',
    summary: 'move runs that ended long ago out of the way',
    load: () => import('./archive.ts'),
  },
  { name: 'prune', summary: 'remove runs that ended long ago', load: () => import('./prune.ts') },
  {
    name: 'export',
    summary: 'write a run, or everything, as lines of JSON',
    load: () => import('./export.ts'),
  },
  { name: 'import', summary: 'take in what an export wrote', load: () => import('./import.ts') },
  {
    name: 'dev-model',
    summary: 'serve a model that needs no key, for examples and tests',
    load: () => import('./dev-model.ts'),
  },
  { name: 'doctor', summary: 'find out what is wrong, and what to do', load: () => import('./doctor.ts') },
]
