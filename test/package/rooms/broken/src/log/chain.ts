import { ThroughlineError } from '../errors.ts'
import type { Clock } from './clock.ts'
import type { Run } from '../run/index.ts' // breach
import { DatabaseSync } from 'node:sqlite' // breach
